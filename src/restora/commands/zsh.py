"""Completion in zsh."""

from typer import _completion_shared as scripts


def complete_from_the_first_tab() -> None:
    """Mend the script that Typer installs for zsh.

    zsh runs it at the first TAB of a session, to complete; Typer's only defines what completes from the second one on.
    """
    ours = scripts.COMPLETION_SCRIPT_ZSH.replace(
        "\ncompdef %(complete_func)s %(prog_name)s\n",
        "\nif [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n  %(complete_func)s\nelse\n  compdef %(complete_func)s %(prog_name)s\nfi\n",
    )
    scripts._completion_scripts["zsh"] = ours
