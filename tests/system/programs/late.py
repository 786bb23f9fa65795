"""A clock that is an hour behind, for what is imported afterwards: that of a board which nobody has set right."""

import sys
import time


class _Late:
    """The module time."""

    def __getattr__(self, name):
        return getattr(time, name)

    def gmtime(self):
        return time.gmtime(time.time() - 3600)


def be_late():
    sys.modules["time"] = _Late()
