"""Who asks: an app, by a signature of its key as Para takes it, or by a token that is signed with it.

AWS Signature Version 4 in the header Authorization, service "para", region "us-east-1", access key "app:<appid>".
https://paraio.org/docs/#004-api-authentication
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import jwt
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .refusal import Refused

PREFIX = "app:"
_ALGORITHM = "AWS4-HMAC-SHA256"
_REGION, _SERVICE = "us-east-1", "para"
_WINDOW_S = 900
_DATE = "%Y%m%dT%H%M%SZ"
_LEEWAY_S = 60  # between the clock that dated a token and this one

SecretOf = Callable[[str], "str | None"]  # of an app's id


@dataclass
class Asked:
    """A request as it came: path and query as they were sent, header names in small letters."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


def authenticate(asked: Asked, secret_of: SecretOf, now: float) -> str:
    """The id of the app that signed a request; Refused with what Para answers."""
    authorization = asked.headers.get("authorization", "").strip()
    scheme, _, rest = authorization.partition(" ")
    if scheme == _ALGORITHM:
        return _by_signature(asked, _fields(rest), secret_of, now)
    if scheme == "Bearer":
        return _by_token(asked, rest.strip(), secret_of)
    if scheme == "Anonymous":
        raise Refused(403, _denied(asked, "user: [GUEST], resource: "))
    raise Refused(401, _denied(asked))


def _denied(asked: Asked, who: str = "") -> str:
    return f"You don't have permission to access this resource. [{who}{asked.method} {asked.path}]"


def _fields(text: str) -> dict[str, str]:
    return dict(part.strip().partition("=")[::2] for part in text.split(","))


def _by_signature(asked: Asked, fields: dict[str, str], secret_of: SecretOf, now: float) -> str:
    key, _, scope = fields.get("Credential", "").partition("/")
    date = asked.headers.get("x-amz-date", "")
    if abs(_seconds(date) - now) > _WINDOW_S:
        raise Refused(400, "Request has expired.")
    appid = key.removeprefix(PREFIX)
    secret = secret_of(appid) if appid else None
    if secret is None:
        raise Refused(404, "App not found.")
    signed = fields.get("SignedHeaders", "").split(";")
    right = scope == f"{date[:8]}/{_REGION}/{_SERVICE}/aws4_request" and {"host", "x-amz-date"} <= set(signed)
    if "x-amz-content-sha256" in signed:  # what it says of the body is what is signed of it
        right &= asked.headers.get("x-amz-content-sha256") == hashlib.sha256(asked.body).hexdigest()
    given = fields.get("Signature", "").encode()
    signatures = [_signature(asked, signed, query, key, secret, date) for query in _queries(asked.query)]
    # each is compared, whatever the one before came to
    if not any([hmac.compare_digest(each.encode(), given) for each in signatures]) or not right:
        raise Refused(403, f"Invalid signature for request {asked.method} {asked.path} coming from app {appid}")
    return appid


def _seconds(date: str) -> float:
    try:
        return datetime.datetime.strptime(date, _DATE).replace(tzinfo=datetime.timezone.utc).timestamp()
    except ValueError:
        return 0


def _signature(asked: Asked, signed: list[str], query: str, key: str, secret: str, date: str) -> str:
    url = f"http://localhost{asked.path}" + (f"?{query}" if query else "")
    request = AWSRequest(asked.method, url, data=asked.body)
    request.context["timestamp"] = date
    for name in signed:
        request.headers[name] = asked.headers.get(name, "")
    signer = SigV4Auth(Credentials(key, secret), _SERVICE, _REGION)
    text: str = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    return text


def _queries(query: str) -> Iterator[str]:
    """What may have been signed of a query: all of it, as AWS has it; or, as Para's clients do, of each name its first
    value, which the Python client encodes once more where a name comes twice."""
    yield query
    firsts: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        firsts.setdefault(name, value)
    yield "&".join(f"{name}={value}" for name, value in firsts.items())
    yield "&".join(f"{name}={urllib.parse.quote(value, safe='')}" for name, value in firsts.items())


def _by_token(asked: Asked, token: str, secret_of: SecretOf) -> str:
    """A token of the app itself, which whoever has its secret key makes: HS256, with the claims appid and exp."""
    try:
        appid = jwt.decode(token, options={"verify_signature": False}).get("appid")
        secret = secret_of(appid.removeprefix(PREFIX)) if isinstance(appid, str) else None
        if secret is None:
            raise jwt.InvalidTokenError
        jwt.decode(token, secret, algorithms=["HS256"], options={"require": ["exp", "appid"]}, leeway=_LEEWAY_S)
        return str(appid).removeprefix(PREFIX)
    except jwt.InvalidTokenError as error:
        raise Refused(401, _denied(asked)) from error
