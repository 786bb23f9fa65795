"""AWS's keys, as the user's function gives them, and the WebSocket that begins with them: a signed GET (RFC 6455,
section 4), whose answer is upgrade.py's. Lent for each.

https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
"""

import os
import time
from binascii import b2a_base64

import aws_iot


def ask(context):
    """The keys of ``context``, or None: not yet. ValueError for what no keys are, and for what keys() raises."""
    try:
        keys = context.keys()
        if keys is None:
            return None
        access, secret, token = keys
        if not (isinstance(access, str) and isinstance(secret, str) and isinstance(token or "", str)):
            raise TypeError("three texts, the last of which may be None")
        return access, secret, token
    except MemoryError:
        raise
    except Exception as error:
        from ..errors import IotError  # it is a kilobyte, which a thing that is well does without

        if isinstance(error, IotError):
            raise ValueError("keys(): %s" % (getattr(error, "message", None) or error))
        raise ValueError("keys(): %r" % error)


def begin(door):
    """Keys, TLS, and the upgrade of a WebSocket, a generator of whether that is done. TLS only when the keys are here,
    since they may come by a TLS connection of their own, and a board has room for one. ValueError tells why it was
    refused.
    """
    client, keys = door.client, ask(door)
    while keys is None:  # they are being fetched
        client.stage = "keys"
        yield False
        keys = ask(door)
    client.stage = "tls"
    door.stream = door.context.wrap_socket(door.stream, server_hostname=door.host, do_handshake_on_connect=False)
    key = b2a_base64(os.urandom(16))[:-1]
    try:
        # before the handshake nothing is signed: what that needs comes when the handshake's memory is free again
        for record in aws_iot.web.records.records(_request(door, keys, key.decode())):
            while record:
                count = door.stream.write(record)
                if count is None:
                    yield False
                else:
                    record = record[count:]
            client.stage = "upgrade"
        yield from aws_iot.web.upgrade.answer(door, key)
    except (OSError, EOFError) as error:
        if client.stage == "tls":
            raise
        raise ValueError(
            "closed before the WebSocket was open: is %s:%d AWS's endpoint, and no proxy or firewall between? (%r)"
            % (client.server, client.port, error)
        )
    yield True


def _request(door, keys, key):
    sigv4, port = aws_iot.web.sigv4, door.client.port
    host = door.host if port == 443 else "%s:%d" % (door.host, port)
    yield "GET "
    yield from sigv4.url(keys, sigv4.dated(time.gmtime()), host, "/mqtt", door.region, "iotdevicegateway")
    yield " HTTP/1.1\r\nHost: "
    yield host
    yield (
        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n"
        "Sec-WebSocket-Key: "
    )
    yield key
    yield "\r\n\r\n"
