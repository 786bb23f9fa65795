"""A connection up to TCP; attempt.py goes on. Lent for each connection."""

import aws_iot

from .. import select, socket, ticks_add, ticks_diff

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_NODELAY = const(1)  # TCP_NODELAY: the same number everywhere; MicroPython does not name it before 1.27


def attempt(client):
    """An attempt up to TCP, a generator: it yields False while it waits, after at most ``client.wait_ms``, then True.

    Only the look-up blocks: no port offers another. Each stage has ``timeout_ms``; ``client.stage`` says how far it
    came.
    """
    if client.tell:
        client.stage = "connecting"
        # a poll() in the callback waits: this attempt is not to be entered again
        me, client.opening = client.opening, None
        client.due = ticks_add(client.ticks(), client.timeout_ms)
        if client.later and not client.busy:  # the last loss, for which there was no memory
            function, args = client.later.pop(0)
            client.call(function, *args)
        client.call(client.tell, "connecting", None)
        if client.off or client.stage != "connecting":
            yield False  # the callback has called disconnect(), or made an attempt: this one is not gone on with
        client.opening = me
    if client.lw_topic and (client.lw_qos > 1 or aws_iot.topics.check_topic(client.lw_topic) is None):
        raise ValueError("QoS: AWS has 0 and 1")
    for _ in tcp(client):
        yield False
    yield True


def tcp(client):
    """Connect ``client.stream`` to ``client.server`` and ``client.port``, as a generator; downloads use it too."""
    client.stage = "dns"
    found = socket.getaddrinfo(client.server, client.port, 0, socket.SOCK_STREAM)
    client.stage = "tcp"
    for turn in range(len(found)):
        # the first address may be dead (IPv6 often is): the next one now, and another first the next time
        family, kind, _, _, address = found[(turn + client.fails) % len(found)]
        client.stream = sock = socket.socket(family, kind)
        try:
            for _ in connect(client, sock, address):
                yield
            return
        except OSError:
            sock.close()
            client.stream = None
            if turn + 1 == len(found):
                raise


def connect(client, sock, server):
    sock.setblocking(False)
    try:
        sock.connect(server)
    except OSError as error:
        if abs(error.args[0]) not in (11, 36, 115, 119):
            raise  # it does not go on: EAGAIN, EINPROGRESS of macOS, of Linux, of the ESP32
    poller = select.poll()
    poller.register(sock, select.POLLOUT)
    end = ticks_add(client.ticks(), client.timeout_ms)
    while True:
        ready = poller.poll(client.wait_ms)
        if ready:
            break
        if ticks_diff(end, client.ticks()) <= 0:
            from ..errors import ResponseTimeout

            raise ResponseTimeout("tcp")
        yield
    if ready[0][1] & (select.POLLERR | select.POLLHUP):
        sock.readinto(bytearray(1))  # raises what went wrong
        raise OSError(111)
    try:
        sock.setsockopt(6, _NODELAY, 1)  # before the handshake, or that stalls
    except OSError:
        pass  # this port does not offer it
