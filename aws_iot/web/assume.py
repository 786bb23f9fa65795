"""Fetch the keys of a role alias from AWS IoT's credential provider. Lent by provider.py for each.

https://docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html
"""

import time

import aws_iot

from ..errors import ProtocolError, Rejected, StateError

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_KEYS_BYTES = const(4096)  # bytes of an answer: a session token has at most 1.5 KB or so
_REFUSED = (
    "no keys by role alias %s (HTTP %d: %s): is there one of that name, does the certificate's policy allow"
    " iot:AssumeRoleWithCertificate on it, is the certificate active, is it that of thing %s, and does the role trust"
    " credentials.iot.amazonaws.com?"
)


def assume(provider):
    """Give ``provider`` new keys: a generator that yields while it waits. Raises as Provider says."""
    connection = aws_iot.web.connection.Connection(
        provider.server, provider.port, provider.context, host=provider.host, timeout_ms=provider.timeout_ms
    )
    path = "/role-aliases/%s/credentials" % aws_iot.web.sigv4.quote(provider.alias)
    try:
        status = yield from connection.request("GET", path, lambda: _lines(provider))
        date = connection.headers.get("date")
        body = b""
        for part in connection.parts():
            if part is True:
                yield True
            else:
                body += part
                if len(body) > _KEYS_BYTES:
                    break
    finally:
        connection.close()
    try:
        document = aws_iot.loads(body)
        if status == 200:
            found = document["credentials"]
            keys = found["accessKeyId"], found["secretAccessKey"], found["sessionToken"]
            expiration = found["expiration"]
        else:
            message = document["message"]
    except (ValueError, KeyError, TypeError):
        raise ProtocolError(
            "%s:%d is no credential provider, or a proxy answers in its place: HTTP %d, %r"
            % (provider.server, provider.port, status, bytes(body[:40]))
        )
    if status in (401, 403, 404):
        raise Rejected(status, _REFUSED % (provider.alias, status, message, provider.thingname))
    if status != 200:
        raise Rejected(status, "no keys: HTTP %d: %s" % (status, message))
    now = time.gmtime()[:5]
    if aws_iot.web.refusal.off(date):
        raise StateError(
            "the clock is wrong, so AWS would refuse what is signed: it says %s UTC, AWS says %s"
            % ("%d-%02d-%02d %02d:%02d" % now, date)
        )
    # 2026-11-30T03:48:04Z
    day, _, clock = expiration.partition("T")
    until = [int(each) for each in day.split("-") + clock[:5].split(":")]
    minutes = aws_iot.web.refusal.minutes
    provider.keys, provider.at, provider.life = keys, time.time(), (minutes(*until) - minutes(*now)) * 60


def _lines(provider):
    yield "x-amzn-iot-thingname: %s\r\n" % provider.thingname
