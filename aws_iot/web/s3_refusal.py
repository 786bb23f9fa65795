"""What S3 says where it refuses, in words. Lent for each.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

import aws_iot

from ..errors import ProtocolError, Rejected

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_WORDS_BYTES = const(1024)
_KEYS = "are the keys right?"
_TOKEN = "is the session token that of these keys, and have they not expired?"
_HINTS = {
    "SignatureDoesNotMatch": _KEYS,
    "InvalidAccessKeyId": _KEYS,
    "InvalidToken": _TOKEN,
    "ExpiredToken": _TOKEN,
    "InvalidClientTokenId": _TOKEN,
    "AccessDenied": "does the policy of the keys allow it?",
    "RequestTimeTooSkewed": "is the clock right?",
}


def refused(s3, status, method, bucket, key):
    """A generator that reads the answer of this ``status`` and raises Rejected, or ProtocolError where it is no S3."""
    connection = s3.connection
    region = connection.headers.get("x-amz-bucket-region")
    date = connection.headers.get("date")
    body = b""
    for part in connection.parts():
        if part is True:
            yield True
            continue
        body += part
        if len(body) > _WORDS_BYTES:
            break
    connection.close()
    code, message = _field(body, b"Code"), _field(body, b"Message")
    where = "%s of %s in bucket %s: HTTP %d" % (method, key, bucket, status)
    region = region or _field(body, b"Region")
    if region and region != s3.region:
        raise Rejected(code or "PermanentRedirect", "%s: the bucket is in %s, not in %s" % (where, region, s3.region))
    if not code:
        raise ProtocolError("%s: no S3, or a proxy answers in its place: %r" % (where, bytes(body[:40])))
    hint = _HINTS.get(code, "")
    off = aws_iot.web.refusal.off(date)
    if off and status == 403:
        hint = "the clock is %d minutes %s AWS's" % (abs(off), "behind" if off > 0 else "ahead of")
    raise Rejected(code, "%s: %s: %s %s" % (where, code, message, hint))


def _field(body, name):
    """What stands between the tags <name>, as text."""
    start = body.find(b"<" + name + b">")
    end = body.find(b"</" + name + b">")
    return body[start + len(name) + 2 : end].decode() if 0 <= start < end else ""
