"""HTTPS, only loaded when used. Each file is lent."""

import aws_iot

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

TYPE_CHECKING = const(0)
if TYPE_CHECKING:  # for readers' tools: mpy-cross leaves this out
    from . import (
        assume,
        calls,
        chunks,
        connection,
        door,
        gateway,
        gateway_packets,
        http,
        https,
        key,
        keys,
        link,
        own,
        provider,
        records,
        redirect,
        refusal,
        request,
        s3,
        s3_refusal,
        sigv4,
        upgrade,
        websocket,
    )


def __getattr__(name):
    return aws_iot.lend(globals(), name)
