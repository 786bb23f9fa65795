"""What a Thing has of these files: calls that begin to tell of its board. Lent for each."""

import aws_iot

__all__ = ("health", "log")

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_DAY_S = const(86400)


def health(thing, version=None, *, period_s: float = 600, path: str | None = "health.json"):
    """Report how the board is to the shadow ``health``: after each connect, and every ``period_s``, from poll().

    Of ``version``, the application's, and heap, RSSI, queue, links and why the last one ended, resets and their reason.
    The file ``path`` counts the resets, and keeps the last exception that ended a ``with`` of what is returned; None:
    no file. ValueError for a period that is not 10 s to a day.
    """
    if not 10 <= period_s <= _DAY_S:
        raise ValueError("period_s: 10 to %d" % _DAY_S)
    return begin(thing.mqtt, aws_iot.care.health.Health(thing, version, period_s, path))


def log(thing, *, period_s: float = 1, size_bytes: int = 1024):
    """A stream whose text is published to ``dt/<thing>/log`` at QoS 0, in at most one message in ``period_s``, from
    poll(); with os.dupterm all that is printed goes there, too.

    What waits has ``size_bytes``; the oldest makes room, and how much was lost is told. StateError when something else
    has os.dupterm, as WebREPL; ValueError for a size that is not 64 bytes to 8 KB.
    """
    if not 64 <= size_bytes <= 8192:
        raise ValueError("size_bytes: 64 to 8192")
    return begin(thing.mqtt, aws_iot.care.log.begin(thing, period_s, size_bytes))


def begin(client, each):
    """Have the client's poll() begin with that of ``each``, unless it does; -> ``each``."""
    if each not in client.schedule:
        if client.guard:  # in a turn: the thread is not to meet a list that is being changed
            each.guard()
            client.guard.call(client.schedule.append, each)
        else:
            client.schedule.append(each)
    return each
