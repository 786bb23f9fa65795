"""Signature Version 4 of AWS: for a URL that is signed, or for the headers of a request. Pure; lent for each.

In pieces, since a session token is over a kilobyte: what is hashed is fed part by part, and so comes what is sent.
``keys`` are (access key id, secret access key, session token or None); ``stamp`` is the time as "20240115T103000Z".
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from binascii import hexlify
from hashlib import sha256

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_BLOCK = const(64)  # of SHA-256
_TOKEN = const(128)
_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
UNSIGNED = "UNSIGNED-PAYLOAD"  # in place of a body's digest, which S3 takes over TLS


def dated(time):
    """The time of a ``time.gmtime()``, as AWS wants it."""
    return "%04d%02d%02dT%02d%02d%02dZ" % tuple(time[:6])


def quote(text, plain=b""):
    """``text`` percent-encoded, but for RFC 3986's unreserved characters and those of ``plain``."""
    result = bytearray()  # a text of one letter would be kept for ever
    for byte in text.encode():
        if byte in _PLAIN or byte in plain:
            result.append(byte)
        else:
            result.extend(b"%%%02X" % byte)
    return result.decode()


def encoded(**fields):
    """The query of a URL, in the order in which it is signed; what is None is left out."""
    pairs = sorted([(quote(name), quote(str(value))) for name, value in fields.items() if value is not None])
    return "&".join(["%s=%s" % pair for pair in pairs])


def hashed(body):
    """The digest of a request's body, as headers() and S3 want it."""
    return hexlify(sha256(body).digest()).decode()


def url(keys, stamp, host, path, region, service):
    """The path and query of a signed GET, in pieces. The session token is not signed, as IoT wants it.

    https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html (MQTT over WebSocket)
    """
    access, secret, token = keys
    scope = _scope(stamp, region, service)
    text = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=%s&X-Amz-Date=%s&X-Amz-SignedHeaders=host" % (
        quote("%s/%s" % (access, scope)),
        stamp,
    )
    request = sha256()
    for part in ("GET\n", path, "\n", text, "\nhost:", host, "\n\nhost\n", hashed(b"")):
        request.update(part.encode())
    yield path
    yield "?"
    yield text
    yield "&X-Amz-Signature="
    yield _signature(secret, stamp, scope, request)
    if token:
        yield "&X-Amz-Security-Token="
        for at in range(0, len(token), _TOKEN):
            yield quote(token[at : at + _TOKEN])


def headers(keys, stamp, method, host, path, query, digest, region, service, content_type=None):
    """The lines to add to the head of a request, in pieces. ``path`` and ``query`` are as they are sent, encoded and in
    order; Host and Content-Type are the caller's to send.
    """
    access, secret, token = keys
    scope = _scope(stamp, region, service)
    simple = service == "s3"  # it alone takes the path as it is sent, and wants to be told the digest
    lines = [("host", host), ("x-amz-date", stamp)]
    if content_type:
        lines.insert(0, ("content-type", content_type))
    if simple:
        lines.insert(-1, ("x-amz-content-sha256", digest))
    if token:
        lines.append(("x-amz-security-token", token))
    names = ";".join([name for name, _ in lines])
    request = sha256()
    for part in (method, "\n", path if simple else quote(path, b"/"), "\n", query, "\n"):
        request.update(part.encode())
    for name, value in lines:
        for part in (name, ":", value, "\n"):
            request.update(part.encode())
    for part in ("\n", names, "\n", digest):
        request.update(part.encode())
    for name, value in lines:
        if name.startswith("x-"):
            for part in (name, ": ", value, "\r\n"):
                yield part
    yield "authorization: AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=" % (access, scope, names)
    yield _signature(secret, stamp, scope, request)
    yield "\r\n"


def _scope(stamp, region, service):
    return "%s/%s/%s/aws4_request" % (stamp[:8], region, service)


def _signature(secret, stamp, scope, request):
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    text = "AWS4-HMAC-SHA256\n%s\n%s\n%s" % (stamp, scope, hexlify(request.digest()).decode())
    return hexlify(_hmac(key, text)).decode()


def _hmac(key, text):
    """HMAC-SHA-256 (RFC 2104), which no port has as a module."""
    if len(key) > _BLOCK:
        key = sha256(key).digest()
    key += bytes(_BLOCK - len(key))
    inner = sha256(bytes([byte ^ 0x36 for byte in key]))
    inner.update(text.encode())
    outer = sha256(bytes([byte ^ 0x5C for byte in key]))
    outer.update(inner.digest())
    return outer.digest()
