"""The command line, thin: a command a file, and what they share."""
