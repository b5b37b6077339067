"""``python -m restora``: the command line, also for launchers that start modules (`accelerate launch -m restora`)."""

from restora.commands.app import main

if __name__ == "__main__":
    main()
