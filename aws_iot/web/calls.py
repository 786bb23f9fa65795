"""Calls to AWS IoT by HTTPS: where it is, who signs, and what is tried again. It stays while there is such a caller.

https://docs.aws.amazon.com/iot/latest/developerguide/http.html
"""

import time

import aws_iot

from .. import ticks_add, ticks_diff, ticks_ms
from ..errors import ResponseTimeout, StateError

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_ANSWER_BYTES = const(180000)  # bytes of an answer: a retained message has up to 128 KB, in base 64
_BUSY = (429, 500, 502, 503, 504)
_BACKOFF_MS = const(1000)  # doubled each time, of which a random part is waited
_PORT = const(8443)


class Calls:
    """Calls with the certificate or the keys of ``client``; ``port``: where AWS answers, that of the client's door, or
    8443, unless given.
    """

    def __init__(self, client, port=None):
        context = client.context
        if not context:
            raise StateError("HTTPS: the thing has neither a certificate nor keys")
        tls = getattr(context, "context", None)  # of a door: see door.py
        self.client = client
        self.keys = getattr(context, "keys", None)
        self.region = getattr(context, "region", None)
        self.connection = aws_iot.web.connection.Connection(
            client.server,
            port or (client.port if tls else _PORT),
            tls or context,
            host=context.host if tls else client.ssl_params.get("server_hostname"),
        )

    def call(self, method, path, query="", body=b"", timeout_ms=None):
        """One call: a generator, which returns (status, body). What is busy is asked again, with a back-off.

        ``path`` and ``query`` are as they are sent. Raises LinkError, ResponseTimeout after ``timeout_ms`` (default the
        client's), ProtocolError, ValueError of keys(), and StateError where there is no memory.
        """
        end = ticks_add(ticks_ms(), self.client.timeout_ms if timeout_ms is None else timeout_ms)
        tries = 0
        while True:
            status, data = yield from self._once(method, path, query, body, end)
            if status not in _BUSY:
                return status, data
            pause_ms = aws_iot.chance.bits(self.client) % (_BACKOFF_MS << min(tries, 5))
            tries += 1
            again = ticks_add(ticks_ms(), pause_ms)
            if ticks_diff(end, again) <= 0:
                return status, data
            while ticks_diff(again, ticks_ms()) > 0:
                yield True

    def _once(self, method, path, query, body, end):
        connection = self.connection
        keys = None
        while self.keys and not keys:
            keys = aws_iot.web.keys.ask(self)
            if not keys:  # they are being fetched, by a TLS connection of their own: few boards have room for two
                connection.close()
                connection.timeout_ms = _left(end, "keys")
                yield True

        def head():
            sigv4 = aws_iot.web.sigv4
            return sigv4.headers(
                keys, sigv4.dated(time.gmtime()), method, connection.name(), path, query, sigv4.hashed(body),
                self.region, "iotdata",
            )  # fmt: skip

        connection.timeout_ms = _left(end, "answer")
        where = path + "?" + query if query else path
        status = yield from connection.request(method, where, head if keys else None, body)
        return status, (yield from connection.body(_ANSWER_BYTES))


def shadow(thing, name=None):
    """(path, query) of a thing's shadow, classic, or named ``name``."""
    quote = aws_iot.web.sigv4.quote
    aws_iot.names.shadow(thing, name)  # ValueError
    return "/things/%s/shadow" % quote(thing), "name=" + quote(name) if name else ""


def _left(end, what):
    left = ticks_diff(end, ticks_ms())
    if left <= 0:
        raise ResponseTimeout("no %s in time" % what)
    return left
