"""An MQTT 3.1.1 client for AWS IoT: a umqtt.simple.MQTTClient that never hangs and loses nothing that it accepted.

From umqtt.simple come the constructor, the names and their contracts; the codec and the engine are our own, since the
versions frozen in firmware cannot be replaced and each has defects that hang or corrupt. The engine is ``poll()``: one
bounded step of connect, write, read, dispatch and timers; all else only calls it.

Here is what flows all the time. Lent are what is needed to set up (prepare.py, tls.py), once per connection (tcp.py,
attempt.py), for each move of its state (state.py, which tells of all of them), per subscription (subscriptions.py,
subscribe.py), every few seconds (timers.py), when a publish cannot go out at once (outgoing.py), when a link ends
(loss.py), and the calls that are made now and then (calls.py). Nothing here knows of shadows or jobs: what wants a turn
registers in ``hooks``, ``schedule`` or ``senders`` (prepare.py).

MicroPython takes the frame of a function from the heap at each call when it has more than 11 words: names, stack, and
three for each level of try. What runs for each packet keeps within that where it can.
"""

import gc

import aws_iot

from .. import simple, sleep_ms, ticks_add, ticks_diff
from .packet import publish

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_STEP_MS = const(1000)  # the longest single wait
_PAYLOAD = const(131072)
_JOINED = const(1400)  # a TLS record of these still goes into one TCP segment
_NESTED = const(16)  # calls that may wait for a callback which itself waits
_UNREAD = const(100)  # packets that wait for a peer who does not read: AWS sends as many before it has a PUBACK
_HANDLER = const(1)  # of an entry of ``subs``, and of one of ``kept``: see prepare.py
_RAW = const(2)
_PID = const(0)
_PACKET = const(1)
_SENT = const(2)
_COPIES = const(3)

BROKEN = (OSError, ValueError, EOFError, MemoryError, StopIteration, simple.MQTTException)

TYPE_CHECKING = const(0)
if TYPE_CHECKING:  # for readers' tools: mpy-cross leaves this out
    from . import (
        answers,
        attempt,
        background,
        calls,
        cause,
        cause_tls,
        connect,
        control,
        drive,
        ending,
        group,
        loss,
        outgoing,
        prepare,
        request,
        state,
        subscribe,
        subscriptions,
        tcp,
        timers,
        tls,
        unusual,
    )


def __getattr__(name):
    return aws_iot.lend(globals(), name)


class MQTTClient(simple.MQTTClient):
    """A umqtt.simple.MQTTClient, with its arguments; ``ssl`` is a context, or True with ``ssl_params``. Zerynth's calls
    are here, too. For other options see prepare.prepare, which tells of the attributes as well.

    ``connected``: CONNACK is here. ``ready``: all subscriptions are acknowledged. ``session``: the broker had kept one.
    ``cause``: why the last connection ended, in words. ``stats``: counters. ``kept``: the QoS 1 publishes without
    PUBACK. ``raw``: the socket, None without a connection, for a poll loop of your own.
    """

    guard = None  # a background.Guard once loop() was called: threads take turns from then on [background.loop]

    def __init__(self, *args, **options):
        aws_iot.mqtt.prepare.prepare(self, *args, **options)

    def __getattr__(self, name):
        return aws_iot.method(self, aws_iot.mqtt.calls, name)

    # -- the engine

    def poll(self, timeout_ms: int = 0) -> bool:
        """One step: connect when due, write, read, dispatch, timers. True if something was done.

        Returns within ``timeout_ms``, or as soon as something was done; only the look-up of the host name may take
        longer. Raises nothing: failures of the link are in ``on_event`` and ``stats``, failures of callbacks in
        ``on_error``.
        """
        done = False
        for each in self.schedule:
            if each.poll():
                done, timeout_ms = True, 0
        try:
            if self.connected:
                return self._step(timeout_ms) or done
            if not self.off:
                left = 0 if self.opening else ticks_diff(self.due, self.ticks())
                if left <= 0:
                    if self.broken:
                        self.lost(self.broken)
                        return True
                    self.wait_ms = timeout_ms
                    # not next(): of that call a pointer is left in the stack, which keeps the stage's file in the heap
                    if self.opening and not self.opening.__next__():
                        return done
                    (aws_iot.mqtt.subscribe if self.connected else aws_iot.mqtt.attempt).advance(self)
                    return True
                timeout_ms = min(timeout_ms, left)
        except BROKEN as error:
            self.lost(error)
            return True
        if timeout_ms > 0:
            sleep_ms(timeout_ms)
        return done

    check_msg = poll

    def _step(self, timeout_ms):
        if self.busy and len(self.later) >= _NESTED:
            sleep_ms(min(timeout_ms, _STEP_MS))  # the rest stays with the peer until the callback returns
            return False
        stream, reader = self.stream, self.reader
        # what a callback that polls, a lack of memory, or the segment of CONNACK has left
        if reader.start < reader.end and self.take():
            return True
        if self.out:
            self.flush()
        space = reader.space()
        count = None if self.dry and timeout_ms > 0 else stream.readinto(space)
        if count is None and timeout_ms > 0:
            # the raw socket: TLS holds no more, and a TLS socket is polled with sleeps between
            if self.stuck is not None:
                self.poller.modify(self.raw, 5)  # POLLIN, POLLOUT
            timeout_ms = min(timeout_ms, _STEP_MS)  # a line of its own: so the frame has 11 words, and not 12
            self.poller.ipoll(timeout_ms)
            count = stream.readinto(space)
        now = self.ticks()
        if count:
            reader.filled(count)
            # a read that filled less than all of the space has emptied TLS as well: the next one would give None
            self.dry = count < len(space)
            self.rx_at = now
            self.take()
        elif count == 0:
            raise EOFError
        else:
            self.dry = True
        if self.stream is stream:  # a callback has not connected anew
            if ticks_diff(now, self.due) >= 0:
                aws_iot.mqtt.timers.run(self, now)
            if self.out and not self.busy:
                self.flush()
        return count is not None

    def take(self):
        """Handle the packets that are in the buffer; -> whether there was one."""
        stream, reader = self.stream, self.reader
        done = False
        while reader.start < reader.end and self.stream is stream:
            kind = reader.next() & 0xF0
            if kind == 0x30:
                self.message(reader.topic, reader.payload, reader.pid)
            elif kind == 0x40:
                self.puback(reader.pid)
            elif kind:
                aws_iot.mqtt.subscribe.answered(self, kind)
            else:
                break
            done = True
        return done

    def flush(self):
        """Write what waits, small packets together. After None the same bytes must be written again:

        mbedTLS holds them encrypted already and would send them in place of others (Mbed-TLS issue 575).
        """
        out = self.out
        while out:
            data = out[0]
            if (
                len(out) > 1 and self.stuck is None and len(data) + len(out[1]) < _JOINED
                and type(data) is not memoryview
            ):  # fmt: skip
                out[1] = data + out[1]
                del out[0]
                continue
            count = self.stream.write(data)
            if count is None:
                if self.stuck is None:
                    self.stuck = self.ticks()
                del out[_UNREAD:]  # PUBACKs, without which the peer keeps the messages; all else goes out again
                return
            if self.stuck is not None:
                self.stuck = None
                self.poller.modify(self.raw, 1)
            self.tx_at = self.ticks()
            if count < len(data):
                self.connected = False  # without the memory for this the link is lost
                out[0] = memoryview(data)[count:]
                self.connected = True
            else:
                del out[0]

    def push(self):
        """Write at once, unless a callback runs: then together with what else it sends."""
        if self.out and self.connected and not self.busy:
            try:
                self.flush()
            except BROKEN as error:
                self.lost(error)

    def lost(self, error):
        """The connection, or the attempt, ended: ``error`` tells why."""
        now = self.ticks()
        short = self.connected and isinstance(error, MemoryError)
        if short:
            self.fresh = self.fresh or now | 1  # what that said is asked for again
            # as long as the timers, which see to the time limits, have found memory since
            short = ticks_diff(now, self.fresh) <= self.timeout_ms
        # of the timers, or of telling it: either may have been too much now
        self.due = ticks_add(now, _STEP_MS)
        try:
            if short:
                # it costs what was to be done just now: one packet, not the connection
                if self.out and self.stuck is None:
                    self.stuck = now  # what goes out next goes alone: joined, it may have been too much
                self.report(error)
                return
            # one file after the other, for small heaps
            found = aws_iot.mqtt.cause.lost(self, error, None)
            found = aws_iot.mqtt.loss.lost(self, error, found)
            aws_iot.mqtt.ending.lost(self, error, found)
        except MemoryError as why:
            if short:
                return  # it costs the report, too
            # the link ends all the same; that is told at a later step, when there may be room
            if not self.broken:
                self.broken = error
                self.rx_at = now
            self.error = why
            self.hang_up()

    def hang_up(self):
        """Close the socket, with no memory taken."""
        self.connected = self.ready = False
        stream, self.stream = self.stream, None
        self.poller = self.raw = self.opening = None
        if stream:
            try:
                stream.close()  # a TLS socket closes the raw one
            except OSError:
                pass

    def until(self, done, timeout_ms: int | None = None) -> bool:
        """poll() until ``done()`` or ``timeout_ms``; says whether it is done."""
        end = ticks_add(self.ticks(), self.timeout_ms if timeout_ms is None else timeout_ms)
        while not done():
            left = ticks_diff(end, self.ticks())
            if left <= 0 or self.off:
                return False
            self.poll(min(left, _STEP_MS))
        return True

    def loop_forever(self) -> None:
        """poll() until disconnect()."""
        # here nothing deeper in the stack, which is never taken down again, makes garbage of the set-up look used
        gc.collect()
        while not self.off:
            self.poll(_STEP_MS)

    # -- messages in

    def message(self, topic, payload, pid):
        self.stats["received"] += 1
        if pid:
            data = bytearray(4)  # PUBACK, section 3.4
            data[0] = 0x40
            data[1] = 2
            data[2] = pid >> 8
            data[3] = pid & 255
            self.out.append(data)
        sub = self.subs.get(topic)
        if not sub and self.find:
            sub = self.find.find(topic)
        handler = sub and sub[_HANDLER]
        if payload is None or not (handler or self.cb):
            aws_iot.mqtt.subscriptions.unusual(self, topic, payload)
        elif not handler:
            self.call(self.cb, topic.encode(), bytes(payload))
        elif not sub[_RAW]:
            self.call(handler, topic, bytes(payload))
        else:
            try:
                handler(topic, payload)
            except MemoryError:
                raise
            except Exception as error:
                self.report(error)

    def puback(self, pid):
        kept = self.kept
        for entry in kept:
            if entry[_PID] == pid:
                break
        else:
            return
        kept.remove(entry)
        self.queued -= len(entry[_PACKET])  # type: ignore[attr-defined]
        self.fails = 0
        self.suspect = None
        if self.tell:
            self.call(self.tell, "puback", pid)
        self.limit = self.window  # now: what the callback published waits behind what is older
        if kept and kept[-1][_SENT] is None:
            self.pump()

    def call(self, function, *args):
        """Run user code: now, or after the user code that is running. What it raises goes to ``on_error``."""
        later = self.later
        if self.busy:
            later.append((function, args))
            return
        self.busy = True
        try:
            while True:
                try:
                    function(*args)
                except Exception as error:
                    if function is not self.complain:
                        self.report(error)
                if not later:
                    break
                function, args = later.pop(0)
        finally:
            self.busy = False

    def report(self, error: BaseException) -> None:
        """Count ``error`` and pass it to ``on_error``, else to ``on_event``, else print it: it cost a message, not the
        connection."""
        self.stats["errors"] += 1
        if self.complain:
            self.call(self.complain, error)
        elif self.tell:
            self.call(self.tell, "error", error)
        else:  # nobody listens: as what a callback of umqtt.simple raises would come to the console
            aws_iot.print_exception(error)

    # -- messages out

    def publish(  # type: ignore[override]  # noqa: PLR0912
        self, topic: str | bytes, msg=b"", retain: bool = False, qos: int = 0
    ) -> int | None:
        """Publish bytes, str, or a dict or list as JSON. At QoS 1 the packet id is returned and the message is kept
        until PUBACK.

        QoS 0 raises LinkError when there is no connection. QoS 1 raises StateError when ``queue_bytes`` are full (it
        waits for room before, at most ``timeout_ms``), and, with a window of 1, ResponseTimeout when no PUBACK came
        yet: the message is then still kept and goes on being sent. ValueError for what AWS would refuse (128 KB, 256
        bytes of topic, QoS 2), and for what is no JSON, by the name of the member.
        """
        # None: a report, whose topic was made in bytes, and whose PUBACK is not waited for. Text and bytes are kept
        # apart: firmware warns on the console where it compares one with the other
        if retain is None or type(topic) is bytes and topic in self.sent:
            name = topic
        else:
            name = type(topic) is str and self.names.get(topic)
        if type(msg) is bytes:
            size = len(msg)
        else:
            # through a buffer that stays, so that it gets into its packet with one copy
            scratch = self.scratch
            if msg is not scratch:
                scratch.seek(0)
                if isinstance(msg, str):
                    scratch.write(msg)
                else:
                    scratch = aws_iot.mqtt.outgoing.stream(scratch, msg)
                msg = scratch
            size = scratch.tell()
            scratch.seek(0)
        if not name or size > _PAYLOAD or qos not in (0, 1):
            name = aws_iot.topics.check_publish(self, topic, size, qos)
        if not qos:
            data = publish(name, msg, 0, retain, 0, size)  # before ready() waits: callbacks use the scratch as well
            if not self.connected or self.stuck is not None or self.denied:
                aws_iot.mqtt.outgoing.ready(self, name)
            self.topic = name
            if self.sent.get(name) is None:
                self.sent[name] = self.ticks()
            self.out.append(data)
            self.stats["sent"] += 1
            self.push()
            if not self.connected:
                raise self.error
            return None
        pid = self.next_pid()
        data = publish(name, msg, 1, retain, pid, size)
        if self.queued + len(data) > self.queue_bytes:
            aws_iot.mqtt.outgoing.room(self, len(data))
        entry = [pid, data, None, 0]
        kept = self.kept
        kept.append(entry)
        self.queued += len(data)  # type: ignore[attr-defined]
        if self.ready:
            if len(kept) <= self.limit and not self.denied:
                self.send(entry)
            else:
                self.pump()
        self.push()  # in a callback it goes out with what else that sends
        if self.window == 1 and retain is not None:
            aws_iot.mqtt.outgoing.wait(self, entry)
        return pid

    def next_pid(self):
        """A packet id that is not in flight."""
        while True:
            self.pid = pid = self.pid % 65535 + 1
            if pid == 1:
                self.wrapped = bool(self.kept or self.asked)
            # unless it is: what is in flight began after the last wrap, so lower
            if not self.wrapped or not aws_iot.mqtt.outgoing.find(self, pid):
                return pid

    def pump(self):
        """Send what is kept, at most ``limit`` at a time, once the subscriptions stand."""
        left = self.limit if self.ready else 0
        for entry in self.kept:
            if left <= 0:
                break
            if self.denied and aws_iot.mqtt.loss.held_back(self, entry):
                continue
            left -= 1
            if entry[_SENT] is None:
                self.send(entry)

    def send(self, entry):
        if entry[_COPIES]:
            aws_iot.mqtt.outgoing.again(self, entry)
        else:
            self.stats["sent"] += 1
        self.out.append(entry[_PACKET])
        entry[_SENT] = self.ticks()
        entry[_COPIES] = 1

    # -- umqtt.simple's other calls

    def connect(self, clean_session: bool | None = None, timeout: float | None = None, **options) -> bool:
        """Connect now and return whether the broker kept a session (MQTT section 3.2.2.2).

        One attempt; ``timeout_ms`` bounds it, or umqtt.simple's ``timeout`` in seconds, else each stage has the
        client's ``timeout_ms``. A failure raises LinkError with its likely cause (MemoryError when there is no room
        to tell it); ``poll`` goes on trying, after a back-off. Other options are Zerynth's: port, aconnect_cb,
        breconnect_cb.
        """
        wait_ms = aws_iot.mqtt.connect.start(self, clean_session, timeout, **options)
        self.until(lambda: self.connected or self.error, wait_ms)
        return aws_iot.mqtt.connect.end(self)

    def disconnect(self) -> None:
        """Wait for the PUBACKs and reports that are due (at most ``timeout_ms``), say DISCONNECT, close. poll() does
        not reconnect.
        """
        aws_iot.mqtt.calls.disconnect(self)

    def subscribe(
        self, topic: str | bytes, qos: int = 0, handler=None, raw: bool = False, copies: bool = False
    ) -> None:
        """Subscribe to a filter; its messages go to ``handler(topic, payload)`` (str, bytes), else to
        ``set_callback``'s.

        Of several filters that take a topic each handler is called, once, in the order of subscribing; for the same
        filter the newest one, beside the library's own. A broker may send such a message once for each filter: then
        equal ones (topic and payload) that follow directly and within 500 ms count as one, at most as many as there are
        filters. With ``copies`` the handler gets all that come.

        Waits for SUBACK while connected; offline, in a callback, or beside ``run()`` it is asked for as soon as
        possible. It is restored after every reconnect that finds no session. Raises Rejected (128) when refused,
        ResponseTimeout after ``timeout_ms``, ValueError for what AWS would refuse. ``raw``: payload is a memoryview,
        valid during the call.
        """
        aws_iot.mqtt.subscriptions.subscribe(self, topic, qos, handler, raw, copies)

    def unsubscribe(self, topic: str | bytes) -> None:
        """Give a filter back; its handler is not called any more. ResponseTimeout when no UNSUBACK came."""
        aws_iot.mqtt.subscriptions.unsubscribe(self, topic)

    def ping(self) -> None:
        """umqtt.simple's: send PINGREQ; poll() does so by itself when ``keepalive`` is set."""
        aws_iot.mqtt.timers.ping(self)

    def wait_msg(self) -> None:
        """umqtt.simple's: wait, without limit, for the next packet, and take it."""
        aws_iot.mqtt.drive.wait(self)


if not aws_iot.BOARD:
    aws_iot.complete(MQTTClient, aws_iot.mqtt.calls, aws_iot.mqtt.prepare.prepare)
