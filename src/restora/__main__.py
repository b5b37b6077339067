"""``restora`` and ``python -m restora``, also for launchers that start modules (`accelerate launch -m restora`)."""

import signal


def main() -> None:
    """Run the command line; until its command is there, Ctrl-C ends the process at once and without a word."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # it may have been started to ignore it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from restora.commands.app import main

    main()


if __name__ == "__main__":
    main()
