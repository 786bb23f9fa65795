"""The stages of an attempt to connect, each in a file of its own: one leaves the heap before the next comes. Borrowed
between them.
"""

from . import borrow
from .transport import ticks_diff


def advance(client):
    """Begin to connect, or go on with what comes after the stage that is done."""
    if client.opening:
        client.opening = None  # what it needed leaves the heap
        _connect(client)
    elif not client.off and ticks_diff(client.due, client.ticks()) <= 0:  # a callback may just have ended the last one
        if client.ssl and not client.context:
            client.context = borrow("tls").prepare(client)
        client.opening = borrow("link").attempt(client)


def _connect(client):
    """TLS on the TCP connection, and CONNECT."""
    client.raw = client.stream
    if client.context:
        client.stage = "tls"
        name = client.ssl_params.get("server_hostname") or client.server
        # 632 bytes in one piece: before the files that come now, in many small ones
        client.stream = client.context.wrap_socket(client.raw, server_hostname=name, do_handshake_on_connect=False)
    will = (client.lw_topic, client.lw_msg, client.lw_qos, client.lw_retain) if client.lw_topic else None
    data = borrow("control").connect(client.client_id, client.keepalive, client.clean, will, client.user, client.pswd)
    client.opening = borrow("connack").connack(client, data)
