"""The engine in a thread of its own: MQTTClient.loop. Lent, but what the thread and the turns are made of stays.

Threads take turns: a call of a client, of its shadows or jobs has the engine for itself while it lasts. A program
without loop() pays nothing for that: the methods of the classes know of no thread, and the first loop() puts a turn
around each of those that a program may call. That is done to classes and once, before there is the thread; the method
of a client without a guard goes on as before. Files are lent to one thread at a time: a port without a global lock
(rp2, unix) has none for the table of modules, either.
"""

import sys

import aws_iot

from .. import BOARD, select, sleep_ms

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_TURN_MS = const(20)
_STACK_BYTES = const(16384)  # an ESP32's threads have 5 KB, of which a TLS handshake needs more
# of MQTTClient, beside what is lent; what only calls poll(), and may do so for long, is no turn
_TURNS = ("connect", "disconnect", "publish", "subscribe", "unsubscribe", "ping", "poll", "check_msg")


def loop(client, on_message, th_size, lent):
    """calls.loop; ``lent``: the names of the client's lent methods."""
    if on_message:
        client.on("PUBLISH", on_message, lambda data: "message" in data, -1)
    if not client.guard:
        if BOARD and not hasattr(aws_iot.mqtt.MQTTClient, "turns"):
            lend, alone = aws_iot.lend, Guard(client).call  # one file at a time, for whatever client
            aws_iot.lend = lambda package, name: alone(lend, package, name)
        guard(aws_iot.mqtt.MQTTClient, _TURNS + lent, lambda client: client)
        for owner in client.senders + client.schedule:
            owner.guard()
        client.guard = Guard(client)
    client.guard.call(client.guard.start, th_size)


def guard(kind, names, client_of):
    """Put turns around these methods of a class, once, and around what its ``__getattr__`` finds. ``client_of(self)``
    is the client whose turn it is.
    """
    if hasattr(kind, "turns"):
        return

    def turn(function):
        def call(self, *args, **options):
            guard = client_of(self).guard
            return guard.call(function, self, *args, **options) if guard else function(self, *args, **options)

        return call if BOARD else aws_iot.told_as(function)(call)

    lent = turn(kind.__getattr__)  # its file comes in a turn, too

    def find(self, name):
        found, guard = lent(self, name), client_of(self).guard
        return (lambda *args, **options: guard.call(found, *args, **options)) if guard else found

    kind.__getattr__ = find
    for name in names:
        function = getattr(kind, name, None)  # what is lent is there on CPython only
        if function:
            setattr(kind, name, turn(function))
    kind.turns = True


class Guard:
    """Whose turn it is, of the threads that use a client, and the thread that drives it."""

    working = False  # the thread is there

    def __init__(self, client):
        from _thread import allocate_lock, get_ident

        self._client = client
        self._lock = allocate_lock()
        self._me = get_ident
        self._owner = None  # the thread whose turn it is

    def call(self, function, *args, **options):
        """Call ``function`` when it is this thread's turn; what that calls is in the same turn."""
        me = self._me()
        if self._owner == me:
            return function(*args, **options)
        with self._lock:
            self._owner = me
            try:
                return function(*args, **options)
            finally:
                self._owner = None

    def start(self, th_size):
        """Have the thread at work."""
        if not self.working:
            from _thread import start_new_thread

            _stack(th_size)
            start_new_thread(self._work, ())
            self.working = True

    def step(self):
        """One step of the thread, in a turn, so that a thread which ends and a start() do not miss each other."""
        client = self._client
        self.working = not client.off
        return self.working and (client.poll() or client.raw)

    def _work(self):
        raw = poller = None
        while True:
            done = self.call(self.step)
            if done is False:
                return
            if done is True:
                continue
            if done is not raw:
                raw = done
                poller = select.poll()  # of its own: the client's belongs to whoever has the turn
                if raw:
                    try:
                        poller.register(raw, select.POLLIN)
                    except (OSError, ValueError):  # closed since, by another thread
                        raw = None
            if raw:
                poller.ipoll(_TURN_MS)  # not in the turn: a caller need not wait for it
            else:
                sleep_ms(_TURN_MS)


def _stack(size_bytes):
    import _thread

    if size_bytes < 0:
        size_bytes = _STACK_BYTES if sys.platform == "esp32" else 0
    if size_bytes:
        _thread.stack_size(size_bytes)
