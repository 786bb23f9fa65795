"""A Thing by HTTPS: a stream that takes the packets which the engine writes, and answers them by calls to AWS.

So all that the engine and the shadows promise holds here, too: what was accepted is kept until AWS has it, reports
merge, versions count. Where AWS would push, it is asked: for each shadow with a delta handler, every ``poll_ms``.
gateway_packets.py knows the packets. It stays in the heap while there is such a connection.
https://docs.aws.amazon.com/iot/latest/developerguide/http.html
"""

import aws_iot

from .. import sleep_ms, ticks_add, ticks_diff, ticks_ms
from ..errors import IotError, StateError

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_POLL_MS = const(60000)


class Context:
    """What a client takes for its TLS context: the streams that it wraps are gateways.

    ``context``: that of TLS, the client's own. ``keys`` (None: by certificate), ``region``, ``host``, ``poll_ms``: see
    door.py.
    """

    def __init__(self, client, keys, region, host, poll_ms):
        self.client = client
        self.context = client.context
        self.keys = keys
        self.region = region
        self.host = host
        self.poll_ms = _POLL_MS if poll_ms is None else poll_ms

    def wrap_socket(self, raw, server_hostname, do_handshake_on_connect):
        return Gateway(self, raw)

    def refuse(self, name):
        """StateError for a filter that only MQTT can serve."""
        for sender in self.client.senders:
            if name.startswith(sender.prefix) and not name.endswith("documents"):
                return
        raise StateError("by HTTPS nothing can be subscribed to, only shadows: %s needs door mqtt or wss" % name)


class Gateway:
    """The stream, and what the engine waits with in place of a poller."""

    def __init__(self, context, raw):
        self.context = context
        self.client = context.client
        self.calls = aws_iot.web.calls.Calls(context.client)
        self.calls.connection.adopt(raw)
        self.work = None  # the call that is being made, for the packet that was taken last
        self.out = []  # what the engine is to read
        self.granted = []  # filters
        self.told = {}  # prefix of a shadow -> the version of the last difference that was told of
        self.asked_at = {}  # prefix -> ticks

    def write(self, data):
        """Take a packet of ``data``; -> its size, or None: a call is being made for the last one."""
        if self.work:
            return None
        size, self.work = aws_iot.web.gateway_packets.take(self, memoryview(data))
        return size

    def readinto(self, space):
        """Go on with what is being done, and fill ``space`` with the answers; -> the count, or None."""
        if not self.work and not self.out:
            self.work = self._due()
        if self.work:
            try:
                self.work.__next__()
            except StopIteration:
                self.work = None
            except IotError as error:
                self.work = None
                raise ValueError(error.args[0])  # the cause, as it is: see cause_tls.py
        space, count = memoryview(space), 0
        while self.out and count < len(space):
            part = self.out[0][: len(space) - count]
            space[count : count + len(part)] = part
            count += len(part)
            self.out[0] = self.out[0][len(part) :]
            if not len(self.out[0]):
                del self.out[0]
        return count or None

    def say(self, *parts):
        """Have the engine read these bytes."""
        self.out += [memoryview(part) for part in parts]

    def close(self):
        self.work = None
        self.calls.connection.close()

    def modify(self, raw, events):
        """Nothing of the engine's is polled."""

    def ipoll(self, timeout_ms):
        """Wait until there is something to do, or ``timeout_ms``."""
        if self.work or self.out:
            return  # each of its steps waits
        for sender in self._senders():
            timeout_ms = min(timeout_ms, max(self._left(sender), 0))
        # what the server may send now, it sends unasked: that it closes is seen by the next call
        sleep_ms(timeout_ms)

    def _senders(self):
        """The shadows that want to hear of differences."""
        return [
            sender for sender in self.client.senders
            if sender.delta and sender.prefix in self.asked_at
        ]  # fmt: skip

    def _left(self, sender):
        """Milliseconds until a shadow is asked for."""
        return ticks_diff(ticks_add(self.asked_at[sender.prefix], self.poll_ms(sender)), ticks_ms())

    def poll_ms(self, sender):
        """How often a shadow is asked for."""
        return sender.__dict__.get("poll_ms", self.context.poll_ms)

    def _due(self):
        for sender in self._senders():
            if self._left(sender) <= 0:
                return aws_iot.web.gateway_packets.poll(self, sender.prefix)
        return None
