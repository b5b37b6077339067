"""The one exception a user meets."""


class RestoraError(Exception):
    """Something the user can mend: the message is one line that names the file or value and the remedy.

    The command line prints the message without a traceback; everything else is a defect of restora and shows one.
    """
