"""What an answer by HTTPS says that is no success, in words. Lent for each.

https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-error-messages.html
"""

import time

import aws_iot

from ..errors import ProtocolError, Rejected

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_ELSE = "are the keys right and still valid, does the policy allow it?"
_CLOCK_MIN = const(5)  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html


def document(calls, status, body):
    """The JSON object of an answer. Rejected with AWS's code and message unless it is a success; ProtocolError when it
    is no answer of AWS.
    """
    found = None
    try:
        found = aws_iot.loads(body or b"{}")
    except ValueError:
        pass
    if isinstance(found, dict) and status < 300:
        return found
    where = "%s:%d" % (calls.connection.server, calls.connection.port)
    if not isinstance(found, dict):
        words = "%s gives no JSON with HTTP %d: a proxy or a portal answers in AWS's place? It says %r" % (
            where, status, bytes(body[:40]),
        )  # fmt: skip
        if status < 400:
            raise ProtocolError(words)
        raise Rejected(status, words)
    message = found.get("message") or found.get("Message") or ""
    if status == 403 and calls.keys:
        message += " (%s)" % _keys(calls.connection.headers.get("date"))
    raise Rejected(status, message)


def _keys(date):
    """What may be wrong with a signature: the clock, by the server's own."""
    late = off(date)
    clock = "%d-%02d-%02d %02d:%02d" % time.gmtime()[:5]
    if late is None:
        return "is the clock, %s UTC, right to 5 minutes, %s" % (clock, _ELSE)
    if late:
        return "the clock, %s UTC, is %d minutes %s AWS's" % (clock, abs(late), "behind" if late > 0 else "ahead of")
    return _ELSE


def off(date):
    """How many minutes the clock is behind the server's ``date`` (negative: ahead of it), 0 if AWS would let that pass;
    None where that does not say.
    """
    try:
        # Sun, 06 Nov 1994 08:49:37 GMT
        day, month, year, at = date.split()[1:5]
        theirs = minutes(int(year), _MONTHS.index(month) // 3 + 1, int(day), int(at[:2]), int(at[3:5]))
    except (AttributeError, IndexError, ValueError):
        return None
    late = theirs - minutes(*time.gmtime()[:5])
    return late if abs(late) >= _CLOCK_MIN else 0


def minutes(year, month, day, hour, minute):
    """Minutes since a day long ago (Gregorian; the year begins in March)."""
    if month < 3:
        year, month = year - 1, month + 12
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * month - 457) // 5 + day
    return (days * 24 + hour) * 60 + minute
