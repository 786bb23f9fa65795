"""An MQTT 3.1.1 client for AWS IoT: a umqtt.simple.MQTTClient that never hangs and loses nothing that it accepted.

From umqtt.simple come the constructor, the names and their contracts; the codec and the engine are our own, since the
versions frozen in firmware cannot be replaced and each has defects that hang or corrupt. The engine is ``poll()``: one
bounded step of connect, write, read, dispatch and timers; all else only calls it. What is needed once per connection
(link.py), per subscription (subscriptions.py), now and then (timers.py) or when a link ends (loss.py) is borrowed.
"""

from json import dumps
from os import urandom

from umqtt.simple import MQTTClient as _MQTTClient

from . import borrow
from .errors import IotError, LinkError, ProtocolError, ResponseTimeout, StateError
from .packet import Reader, publish
from .transport import sleep_ms, ticks_add, ticks_diff, ticks_ms

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_OFF = const(0)  # disconnect() was called
_WAIT = const(1)  # for the next attempt, due at ``due``
_OPENING = const(2)  # DNS, TCP, TLS, CONNACK
_UP = const(3)

_STEP_MS = const(1000)  # the longest single wait
_PAYLOAD = const(131072)
_TOPICS = const(8)  # checked ones that are remembered
_NESTED = const(16)  # calls that may wait for a callback which itself waits

# an unacknowledged publish: packet id, packet, ticks of the last copy on this connection or None, copies on this
# connection, whether it was ever sent
_SENT = const(2)

BROKEN = (OSError, ValueError, EOFError, IotError)


def _random():
    data = urandom(3)
    return data[0] << 16 | data[1] << 8 | data[2]


class MQTTClient(_MQTTClient):
    """See umqtt.simple for the arguments up to ``ssl_params``; ``ssl`` is a context, or True with ``ssl_params``.

    ``window``: QoS 1 publishes in flight; with 1 (umqtt's manner) ``publish`` returns when its PUBACK is here.
    ``queue_bytes``: QoS 1 packets kept until acknowledged, in flight and waiting. ``packet_bytes``: the largest packet
    taken; a larger one is acknowledged, skipped and reported. ``timeout_ms``: for each stage of connecting, for PINGRESP and
    for the blocking calls. ``ticks_ms`` and ``random`` (any number >= 2**17) can be given for tests.

    ``stats`` counts, and tells under "cause" why the last connection ended. ``ready``: all subscriptions are acknowledged.
    """

    state = _WAIT
    ready = session = False
    limit = 0  # of publishes in flight; below ``window`` while a refused one is looked for
    batch = 8  # filters in a SUBSCRIBE; 1 while a refused one is looked for
    fails = short = 0  # attempts since a link proved itself; links in a row that lived shortly
    error = opening = poller = context = None
    stuck = pinged = None  # ticks since which nothing can be written; of the PINGREQ without answer
    asked = None  # the SUBSCRIBE or UNSUBSCRIBE in flight: [packet id, filters, packet, ticks, copies]
    denied = suspect = None  # topics held back, until when; what was in flight when the link was cut
    suspected = 0
    denied_ms = 30000
    topic = None  # of the last QoS 0 publish, and when
    topic_at = 0
    requests = None  # clientToken -> answer
    taken = queued = 0
    _event = _error = guard = None
    _busy = False  # user code is running

    def __init__(
        self, client_id, server, port=0, user=None, password=None, keepalive=0, ssl=None, ssl_params=None,
        *, clean_session=True, window=1, queue_bytes=10240, packet_bytes=_PAYLOAD + 288, timeout_ms=10000,
        ticks_ms=ticks_ms, random=_random,
    ):  # fmt: skip
        _MQTTClient.__init__(self, client_id, server, port, user, password, keepalive, ssl, ssl_params or {})
        self.stats = {"connects": 0, "sent": 0, "resent": 0, "received": 0, "errors": 0, "cause": None}
        self.clean = clean_session
        self.window = self.limit = window
        self.queue_bytes = queue_bytes
        self.timeout_ms = timeout_ms
        self.ticks = ticks_ms
        self.random = random
        self.due = self.tx_at = self.rx_at = ticks_ms()
        self.reader = Reader(512, packet_bytes)
        self.kept = []
        self.out = []  # packets to write; the first may be half written
        self.subs = {}  # filter -> [qos, handler, raw, 0 to be asked for | 1 granted | 2 refused]
        self.drop = []  # filters to unsubscribe from
        self.names = {}  # topics that were checked -> UTF-8
        self.later = []  # calls of user code
        self.hooks = []
        self.ticking = []
        borrow("link").check(self)

    # -- the engine

    @property
    def connected(self):
        """True from CONNACK on."""
        return self.state == _UP

    def poll(self, timeout_ms=0):
        """One step: connect when due, write, read, dispatch, timers. True if something was done.

        Returns within ``timeout_ms``, or as soon as something was done; only the look-up of the host name may take longer.
        Raises nothing: failures of the link are in ``on_event`` and ``stats``, failures of callbacks in ``on_error``.
        """
        try:
            if self.state == _UP:
                return self._step(timeout_ms)
            if self.state != _OFF:
                left = 0 if self.opening else ticks_diff(self.due, self.ticks())
                if left <= 0:
                    if not self.opening:
                        self.opening = borrow("link").attempt(self)
                    self.wait_ms = timeout_ms
                    return next(self.opening)
                timeout_ms = min(timeout_ms, left)
        except MemoryError as error:
            self.report(error)
        except BROKEN as error:
            self.lost(error)
            return True
        if timeout_ms > 0:
            sleep_ms(timeout_ms)
        return False

    def _step(self, timeout_ms):
        if self._busy and len(self.later) >= _NESTED:
            return False  # the rest stays with the peer until the callback returns
        sock, reader = self.sock, self.reader
        if self.out:
            self.flush()
        count = sock.readinto(reader.space())
        if count is None and timeout_ms > 0:
            self.poller.modify(sock, 1 if self.stuck is None else 5)  # POLLIN, POLLOUT
            self.poller.ipoll(min(timeout_ms, _STEP_MS))
            count = sock.readinto(reader.space())
        now = self.ticks()
        if count:
            self.rx_at = now
            reader.filled(count)
            self.take()
        elif count == 0:
            raise EOFError
        if self.sock is sock:
            if ticks_diff(now, self.due) >= 0:
                borrow("timers").run(self, now)
            if self.out and not self._busy:
                self.flush()
        return count is not None

    def take(self):
        """Handle the packets that are in the buffer."""
        sock = self.sock
        while self.sock is sock:
            kind = self.reader.next()
            if not kind:
                break
            self.taken += 1
            self._handle(kind & 0xF0)

    def _handle(self, kind):
        if kind == 0x30:
            try:
                self._message()
            except MemoryError as error:
                self.report(error)
        elif kind == 0x40:  # PUBACK
            kept = self.kept
            for index in range(len(kept)):
                if kept[index][0] == self.reader.pid:
                    self.queued -= len(kept.pop(index)[1])
                    self.limit = self.window
                    self.fails = 0
                    if self._event:
                        self.call(self._event, "puback", self.reader.pid)
                    self.pump()
                    break
        elif kind == 0xD0:  # PINGRESP
            self.pinged = None
            self.event("pingresp", None)
        elif kind == 0x20:  # CONNACK
            raise ProtocolError("second CONNACK")
        else:
            borrow("subscriptions").answered(self, kind)

    def flush(self):
        """Write what waits, small packets together. After None the same bytes must be written again:

        mbedTLS holds them encrypted already and would send them in place of others (Mbed-TLS issue 575).
        """
        out = self.out
        while out:
            data = out[0]
            if self.stuck is None and len(out) > 1 and len(data) < 1024 and type(data) is bytes:
                out[1] = data = data + out[1]
                out.pop(0)
                continue
            count = self.sock.write(data)
            if count is None:
                if self.stuck is None:
                    self.stuck = self.ticks()
                    self.due = ticks_add(self.stuck, _STEP_MS)
                return
            self.stuck = None
            self.tx_at = self.ticks()
            if count < len(data):
                out[0] = memoryview(data)[count:]
            else:
                out.pop(0)

    def push(self):
        """Write at once, unless a callback runs: then together with what else it sends."""
        if self.out and not self._busy and self.state == _UP:
            try:
                self.flush()
            except BROKEN as error:
                self.lost(error)

    def lost(self, error):
        """The connection, or the attempt, ended: ``error`` tells why."""
        self.error = error = borrow("loss").lost(self, error)
        self.event("disconnected", error)

    def until(self, done, timeout_ms=None):
        """poll() until ``done()`` or ``timeout_ms``; says whether it is done."""
        end = ticks_add(self.ticks(), self.timeout_ms if timeout_ms is None else timeout_ms)
        while not done():
            left = ticks_diff(end, self.ticks())
            if left <= 0 or self.state == _OFF:
                return False
            self.poll(min(left, _STEP_MS))
        return True

    # -- messages in

    def _message(self):
        reader = self.reader
        topic, payload, pid = reader.topic, reader.payload, reader.pid
        self.stats["received"] += 1
        if pid:
            self.out.append(bytes((0x40, 2, pid >> 8, pid & 255)))  # PUBACK, section 3.4
        if payload is None:
            self.report(StateError("no room for the message on " + topic))
            return
        sub = self.subs.get(topic)
        if not sub:
            for name in self.subs:
                if ("+" in name or "#" in name) and borrow("topics").matches(name, topic):
                    sub = self.subs[name]
                    break
        handler = sub and sub[1]
        if not handler:
            if self.cb:
                self.call(self.cb, topic.encode(), bytes(payload))
            elif self._event:
                self.call(self._event, "data", (topic, bytes(payload)))
        elif sub[2]:
            try:
                handler(topic, payload)
            except Exception as error:
                self.report(error)
        else:
            self.call(handler, topic, bytes(payload))

    def call(self, function, *args):
        """Run user code: now, or after the user code that is running. What it raises goes to ``on_error``."""
        self.later.append((function, args))
        if self._busy:
            return
        self._busy = True
        try:
            while self.later:
                function, args = self.later.pop(0)
                try:
                    function(*args)
                except Exception as error:
                    if function is not self._error:
                        self.report(error)
        finally:
            self._busy = False

    def event(self, name, value):
        """Tell ``on_event``."""
        if self._event:
            self.call(self._event, name, value)

    def report(self, error):
        """Count ``error`` and pass it to ``on_error``: it cost a message, not the connection."""
        self.stats["errors"] += 1
        if self._error:
            self.call(self._error, error)
        else:
            self.event("error", error)

    def on_event(self, callback):
        """``callback(event, value)``: connecting, connected (session present), ready, disconnected (error), puback (id),
        pingresp, data ((topic, payload) that no handler took), error (unless ``on_error`` is set)."""
        self._event = callback

    def on_error(self, callback):
        """``callback(error)`` for what cost one message: a callback that raised, an answer that was no JSON, a denial."""
        self._error = callback

    def on_ready(self, hook):
        """``hook()`` after each connect, once all subscriptions are acknowledged."""
        self.hooks.append(hook)

    def on_tick(self, hook):
        """``hook(ticks)`` every few seconds, or when ``due``, while connected."""
        self.ticking.append(hook)

    # -- messages out

    def publish(self, topic, msg=b"", retain=False, qos=0):
        """Publish bytes, str, or a dict or list as JSON. At QoS 1 the packet id is returned and the message is kept until PUBACK.

        QoS 0 raises LinkError when there is no connection. QoS 1 raises StateError when ``queue_bytes`` are full (it waits
        for room before, at most ``timeout_ms``), and, with a window of 1, ResponseTimeout when no PUBACK came yet: the message
        is then still kept and goes on being sent. ValueError for what AWS would refuse (128 KB, 256 bytes of topic, QoS 2).
        """
        name = self.names.get(topic)
        if not name:
            name = borrow("topics").check_topic(topic)
            if len(self.names) == _TOPICS:
                self.names.clear()
            self.names[topic] = name
        if isinstance(msg, (dict, list)):
            msg = dumps(msg)
        if isinstance(msg, str):
            msg = msg.encode()
        elif not isinstance(msg, bytes):
            msg = bytes(memoryview(msg))
        if len(msg) > _PAYLOAD or qos not in (0, 1):
            raise ValueError("QoS: AWS has 0 and 1" if qos else "payload: over 128 KB")
        if qos:
            return self._keep(name, msg, retain)
        if self.stuck is not None and not self._busy:
            self.until(lambda: self.stuck is None)
        if self.state != _UP or self.stuck is not None:
            raise LinkError("not connected, and QoS 0 is not kept (QoS 1 would be)")
        if self.denied:
            borrow("loss").refuse(self, name)
        self.topic = name
        self.topic_at = self.ticks()
        self.out.append(publish(name, msg, 0, retain, 0))
        self.stats["sent"] += 1
        self.push()
        if self.state != _UP:
            raise self.error

    def _keep(self, name, msg, retain):
        pid = self.next_pid()
        data = publish(name, msg, 1, retain, pid)
        if self.queued + len(data) > self.queue_bytes:
            if len(data) > self.queue_bytes:
                raise ValueError("payload: over queue_bytes")
            if self._busy or not self.until(lambda: self.queued + len(data) <= self.queue_bytes):
                raise StateError("queue full: %d bytes wait for PUBACK" % self.queued)
        entry = [pid, data, None, 0, False]
        self.kept.append(entry)
        self.queued += len(data)
        self.pump()
        self.push()
        if self.window == 1 and self.ready and not self._busy:
            if not self.until(lambda: entry not in self.kept):
                raise ResponseTimeout("no PUBACK yet; the message is kept")
        return pid

    @property
    def room(self):
        """True when a QoS 1 publish would go out at once."""
        return self.ready and len(self.kept) < self.window

    def next_pid(self):
        """A packet id that is not in flight."""
        while True:
            self.pid = pid = self.pid % 65535 + 1
            for entry in self.kept:
                if entry[0] == pid:
                    break
            else:
                if not self.asked or self.asked[0] != pid:
                    return pid

    def pump(self):
        """Send what is kept, at most ``limit`` at a time, once the subscriptions stand."""
        left = self.limit if self.ready else 0
        for entry in self.kept:
            if left <= 0:
                break
            if self.denied and borrow("loss").held_back(self, entry):
                continue
            left -= 1
            if entry[_SENT] is None:
                data = entry[1]
                if entry[4] and self.session:
                    data = borrow("control").duplicate(data)
                self.out.append(data)
                self.stats["resent" if entry[4] else "sent"] += 1
                entry[_SENT] = now = self.ticks()
                entry[3], entry[4] = 1, True
                now = ticks_add(now, 5000)
                if ticks_diff(now, self.due) < 0:
                    self.due = now

    # -- umqtt.simple's other calls, and the three ways to drive the engine

    def connect(self, clean_session=None, timeout=None):
        """Connect now and return whether the broker kept a session (MQTT section 3.2.2.2).

        One attempt; ``timeout`` in seconds bounds it, else each stage has ``timeout_ms``. A failure raises LinkError with
        its likely cause; ``poll`` goes on trying, after a back-off.
        """
        return borrow("link").connect(self, clean_session, timeout)

    def disconnect(self):
        """Wait for the PUBACKs that are due (at most ``timeout_ms``), say DISCONNECT, close. poll() does not reconnect."""
        borrow("link").disconnect(self)

    def subscribe(self, topic, qos=0, handler=None, raw=False):
        """Subscribe to a filter; its messages go to ``handler(topic, payload)`` (str, bytes), else to ``set_callback``'s.

        Waits for SUBACK while connected; offline, or in a callback, it is asked for as soon as possible. It is restored after
        every reconnect that finds no session. Raises Rejected (128) when refused, ResponseTimeout after ``timeout_ms``,
        ValueError for what AWS would refuse. ``raw``: payload is a memoryview, valid during the call.
        """
        if callable(qos):
            qos, handler = handler or 0, qos
        borrow("subscriptions").subscribe(self, topic, qos, handler, raw)

    def unsubscribe(self, topic):
        """Give a filter back; its handler is not called any more. ResponseTimeout when no UNSUBACK came."""
        borrow("subscriptions").unsubscribe(self, topic)

    def ping(self):
        """Send PINGREQ; poll() does so by itself when ``keepalive`` is set."""
        if self.state == _UP:
            self.out.append(b"\xc0\0")
            self.pinged = self.ticks()
            self.push()

    def check_msg(self):
        """Take what has come, without waiting."""
        self.poll(0)

    def wait_msg(self):
        """Wait, without limit, for the next packet, and take it."""
        taken = self.taken
        while self.taken == taken and self.state != _OFF:
            self.poll(_STEP_MS)

    def loop_forever(self):
        """poll() until disconnect()."""
        while self.state != _OFF:
            self.poll(_STEP_MS)

    def run(self):
        """``await run()``: poll() as a task among others, until disconnect(). Only the look-up of the host name blocks them."""
        return borrow("drivers").run(self)

    def loop(self):
        """poll() in a thread of its own from now on, where the board has ``_thread`` (Zerynth's call)."""
        borrow("drivers").loop(self)
