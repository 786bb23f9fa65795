"""An attempt to connect after TCP (tcp.py): TLS, CONNECT, CONNACK. Lent between the stages and for this one."""

import aws_iot

from .. import select, ticks_add, ticks_diff

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_TURN_MS = const(20)  # the handshake mostly waits for bytes, but it may wait for room to write


def advance(client):
    """Begin to connect, or go on with what comes after the stage that is done."""
    if client.opening:
        client.opening = None  # what it needed leaves the heap
        tls(client)
    elif not client.off and ticks_diff(client.due, client.ticks()) <= 0:  # a callback may just have ended the last one
        if client.ssl and not client.context:
            client.context = aws_iot.mqtt.tls.prepare(client)
        client.opening = aws_iot.mqtt.tcp.attempt(client)


def tls(client):
    """TLS on the TCP connection, and CONNECT."""
    client.raw = client.stream
    if client.context:
        client.stage = "tls"
        name = client.ssl_params.get("server_hostname") or client.server
        # 632 bytes in one piece: before the files that come now, in many small ones
        client.stream = client.context.wrap_socket(client.raw, server_hostname=name, do_handshake_on_connect=False)
    will = (client.lw_topic, client.lw_msg, client.lw_qos, client.lw_retain) if client.lw_topic else None
    options = client.keepalive, client.clean, will, client.user, client.pswd
    data = aws_iot.mqtt.control.connect(client.client_id, *options)
    client.opening = connack(client, data)


def connack(client, data):
    """Write CONNECT (``data``) and read CONNACK, a generator: it yields False while it waits, then True.

    The first write drives the TLS handshake, without blocking.
    """
    stream = client.stream
    # The raw socket is polled, always after TLS has said that it holds no more: MicroPython's unix port polls a TLS
    # socket with sleeps of 1 ms between.
    client.poller = poller = select.poll()
    poller.register(client.raw, select.POLLIN)
    end = ticks_add(client.ticks(), client.timeout_ms)
    while data:
        count = stream.write(data)
        if count is None:
            _late(client, end)
            poller.ipoll(min(client.wait_ms, _TURN_MS))
            yield False
        else:
            data = data[count:]
    client.stage = "connack"
    reader = client.reader
    end = ticks_add(client.ticks(), client.timeout_ms)
    while True:
        count = stream.readinto(reader.space())
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
            yield False
    if kind != 0x20 or reader.value[1]:
        from ..errors import ProtocolError, Rejected

        if kind != 0x20:
            raise ProtocolError("packet 0x%02x before CONNACK" % kind)
        raise Rejected(reader.value[1], "connack")
    session = reader.value[0] == 1 and not client.clean  # one that was asked for (section 3.2.2.2)
    if not session:  # before it is up, since this takes memory
        client.drop.clear()
        aws_iot.mqtt.subscribe.again(client)
    aws_iot.mqtt.state.up(client, session)
    if client.connected:
        client.take()  # what came in one segment with CONNACK
    yield client.connected  # a callback may have ended this link, and even begun another


def _late(client, end):
    if ticks_diff(end, client.ticks()) <= 0:
        from ..errors import ResponseTimeout

        raise ResponseTimeout(client.stage)
