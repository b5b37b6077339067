"""``restora`` and ``python -m restora``, also for launchers that start modules (`accelerate launch -m restora`)."""

import gc
import signal

from restora.leaving import leave


def main() -> None:
    """Run the command line; until its command is there, Ctrl-C ends the process at once and without a word."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # it may have been started to ignore it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.disable()  # until the command is there: nothing that an import makes is garbage, and there is much to look at
    from restora.commands.app import main

    try:
        main()
    except SystemExit as end:
        leave(end)


if __name__ == "__main__":
    main()
