"""Tables where there is no terminal."""

import io

from rich.console import Console
from rich.table import Table

from restora.commands.rows import print_table

LONG = "chair/deblur-" + "x" * 90


def printed(table, *, terminal, width=80):
    stream = io.StringIO()
    print_table(table, Console(file=stream, force_terminal=terminal, width=width, color_system=None))
    return stream.getvalue()


def table():
    rows = Table("name", "words", title="two [bold]rows[/bold]", caption="below", show_lines=True)
    rows.add_row(LONG, "many " * 30)
    rows.add_row("short", r"in \[brackets]")
    return rows


def test_in_a_pipe_a_table_is_plain_whole_and_one_line_a_row():
    title, head, first, second, caption = printed(table(), terminal=False).splitlines()
    assert (title, caption) == ("two rows", "below")
    assert head.split() == ["name", "words"]
    assert first == f"{LONG}  {('many ' * 30).rstrip()}"
    assert second.split(maxsplit=1) == ["short", "in [brackets]"]


def test_on_a_terminal_no_letter_is_lost():
    text = printed(table(), terminal=True)
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert text.count("x") == 90


def test_every_list_names_what_it_lists_in_a_pipe(restora_command):
    for command, name in (
        ("recipes", "chair/deblur-gopro"),
        ("models", "dinat_ir      dual_pixel"),
        ("weights", "dinat-ir/deblur-gopro"),
        ("benchmarks", "realblur-j"),
        ("protocols", "derain-y-double"),
    ):
        lines = restora_command(command).stdout.splitlines()
        (row,) = [line for line in lines if line.startswith(name)]
        assert row[len(name)] == " "
        assert not any(line.startswith(" ") for line in lines), command  # no row goes on in the next line
