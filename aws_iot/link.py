"""A connection from the look-up of the host to CONNACK. Borrowed for each connection."""

from . import borrow
from .transport import select, socket, ticks_add, ticks_diff

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_TURN_MS = const(20)  # the handshake mostly waits for bytes, but it may wait for room to write
_NODELAY = const(1)  # TCP_NODELAY: the same number everywhere; MicroPython does not name it before 1.27


def attempt(client):
    """One attempt, as a generator: it yields while it waits, after at most ``client.wait_ms``, and leaves the client
    up.

    Only the look-up blocks: no port offers another. Each stage has ``timeout_ms``; ``client.stage`` says how far it
    came.
    """
    client.error = None
    client.stage = "dns"
    if client.tell:
        # a poll() in the callback waits: this attempt is not to be entered again
        me, client.opening = client.opening, None
        client.due = ticks_add(client.ticks(), client.timeout_ms)
        client.event("connecting")
        client.opening = me
        if client.off:
            yield False  # the callback has called disconnect(): this attempt is not gone on with
    if client.lw_topic and (client.lw_qos > 1 or borrow("topics").check_topic(client.lw_topic) is None):
        raise ValueError("QoS: AWS has 0 and 1")
    for _ in tcp(client):
        yield False
    for _ in _connack(client):
        yield False
    client.connected = True
    client.stage = "up"
    client.opening = None
    # the broker kept the session that was asked for (section 3.2.2.2)
    client.session = session = client.reader.value[0] == 1 and not client.clean
    client.up_at = client.tx_at = client.rx_at = client.due = client.ticks()
    client.stats["connects"] += 1
    if not session:
        client.drop.clear()
        for sub in client.subs.values():
            if sub[3] == 1:
                sub[3] = 0
    if client.tell:
        client.event("connected", session)
    yield True


def tcp(client):
    """Connect ``client.sock`` to ``client.server`` and ``client.port``, as a generator; downloads use it too."""
    client.stage = "dns"
    found = socket.getaddrinfo(client.server, client.port, 0, socket.SOCK_STREAM)
    client.stage = "tcp"
    for turn in range(len(found)):
        # the first address may be dead (IPv6 often is): the next one now, and another first the next time
        family, kind, _, _, address = found[(turn + client.fails) % len(found)]
        client.sock = sock = socket.socket(family, kind)
        try:
            for _ in _tcp(client, sock, address):
                yield
            return
        except OSError:
            sock.close()
            client.sock = None
            if turn + 1 == len(found):
                raise


def _tcp(client, sock, server):
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
        _late(client, end)
        yield
    if ready[0][1] & (select.POLLERR | select.POLLHUP):
        sock.readinto(bytearray(1))  # raises what went wrong
        raise OSError(111)
    try:
        sock.setsockopt(6, _NODELAY, 1)  # before the handshake, or that stalls
    except OSError:
        pass  # this port does not offer it


def _connack(client):
    """TLS, CONNECT and CONNACK. The first write drives the handshake, without blocking."""
    will = (client.lw_topic, client.lw_msg, client.lw_qos, client.lw_retain) if client.lw_topic else None
    # before the TLS socket takes its memory
    data = borrow("control").connect(client.client_id, client.keepalive, client.clean, will, client.user, client.pswd)
    sock = client.raw = client.sock
    if client.context:
        client.stage = "tls"
        name = client.ssl_params.get("server_hostname") or client.server
        sock = client.sock = client.context.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)
    # The raw socket is polled, always after TLS has said that it holds no more: MicroPython's unix port polls a TLS
    # socket with sleeps of 1 ms between.
    client.poller = poller = select.poll()
    poller.register(client.raw, select.POLLIN)
    end = ticks_add(client.ticks(), client.timeout_ms)
    while data:
        count = sock.write(data)
        if count is None:
            _late(client, end)
            poller.ipoll(min(client.wait_ms, _TURN_MS))
            yield
        else:
            data = data[count:]
    client.stage = "connack"
    reader = client.reader
    end = ticks_add(client.ticks(), client.timeout_ms)
    while True:
        count = sock.readinto(reader.space())
        if count == 0:
            raise EOFError
        if count:
            reader.filled(count)
            kind = reader.next()
            if kind:
                break
        else:
            _late(client, end)
            poller.ipoll(client.wait_ms)
            yield
    if kind != 0x20 or reader.value[1]:
        from .errors import ProtocolError, Rejected

        if kind != 0x20:
            raise ProtocolError("packet 0x%02x before CONNACK" % kind)
        raise Rejected(reader.value[1], "connack")


def _late(client, end):
    if ticks_diff(end, client.ticks()) <= 0:
        from .errors import ResponseTimeout

        raise ResponseTimeout(client.stage)
