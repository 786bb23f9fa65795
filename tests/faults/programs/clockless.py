"""A board whose clock was never set: time begins in the year 2000. It stands in for `time` in aws_iot.mqtt.cause_tls,
which reads the date; TLS libraries read the machine's own clock, so the row's server certificate is from the future."""

import sys
import time

from base import MICROPYTHON, main
from session import Session


class Year2000:
    @staticmethod
    def gmtime():
        return (2000, 1, 1, 0, 0, 12, 5, 1, 0)

    def __getattr__(self, name):
        return getattr(time, name)


if __name__ == "__main__":
    if MICROPYTHON:
        sys.modules["time"] = Year2000()
    else:
        import aws_iot.mqtt.cause_tls as cause_tls

        cause_tls.time = Year2000()
    main(Session)
