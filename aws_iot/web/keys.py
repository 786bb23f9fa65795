"""AWS's keys, as the user's function gives them, and the connection that begins with them. Lent for each."""

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
    since they may come by a TLS connection of their own, and a board has room for one.
    """
    client, keys = door.client, ask(door)
    while keys is None:  # they are being fetched
        client.stage = "keys"
        yield False
        keys = ask(door)
    client.stage = "tls"
    door.stream = door.context.wrap_socket(door.stream, server_hostname=door.host, do_handshake_on_connect=False)
    yield from aws_iot.web.upgrade.upgrade(door.stream, door, keys)
