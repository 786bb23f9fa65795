"""Stands in for MicroPython's `ntptime`, on a board that a computer plays: its clock is the computer's, which is right.

https://github.com/micropython/micropython-lib/tree/master/micropython/net/ntptime
"""

host = "pool.ntp.org"
timeout = 1


def settime():
    pass
