"""The errors that a person at the terminal gets to read."""


class ToolError(Exception):
    """One sentence: what went wrong, its likely cause and the cure. Exit code 1."""


class Partly(ToolError):
    """Some of the work was done and the rest was not; what is done stays done. Exit code 1."""


class Stopped(ToolError):
    """Ctrl-C ended what the same command goes on with. Exit code 130, as shells have it."""


class Final(ToolError):
    """What the same command, run again, would end in again. Exit code 1."""
