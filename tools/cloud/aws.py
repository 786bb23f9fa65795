"""The AWS session: clients made on use, each operation under its documented rate, errors in words."""

from __future__ import annotations

import functools
import os
import re
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import boto3
import botocore.session
from botocore import exceptions
from botocore.config import Config

from ..errors import ToolError
from ..shapes import Client, Json, Say

_T = TypeVar("_T")
WORKERS = 8  # enough to saturate a default account's 10 certificates a second at 60 ms a call
READERS = 32  # and its 400 shadows a second

# Default quotas per second, https://docs.aws.amazon.com/general/latest/gr/iot-core.html
RATES = {
    "CreateThing": 100, "DeleteThing": 100, "AttachThingPrincipal": 100, "DetachThingPrincipal": 100,
    "AttachPolicy": 15, "DetachPolicy": 15, "ListThings": 10, "ListThingPrincipals": 10,
    "CreateKeysAndCertificate": 10, "CreateCertificateFromCsr": 10, "UpdateCertificate": 10, "DeleteCertificate": 10,
    "GetPolicy": 10, "ListTargetsForPolicy": 10, "ListAttachedPolicies": 15, "ListPrincipalThings": 10,
    "DescribeCertificate": 10, "ListCertificates": 10, "ListNamedShadowsForThing": 50, "DeleteThingShadow": 400,
    "GetThingShadow": 400, "SearchIndex": 15, "CreatePolicy": 10, "DeletePolicy": 10,
}  # fmt: skip
_CONNECT_ATTEMPTS = 3
_PATIENCE_S = 2
_SHARE = 0.95  # of the quota: the network's jitter can push two calls together


class Pacer:
    """Lets callers from any thread pass one by one, at most so many per second."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        with self._lock:
            now = time.monotonic()
            start = max(now, self._next)
            self._next = start + self._interval
        if start > now:
            time.sleep(start - now)


class Aws:
    """One account and region. rate: times AWS's default quotas; 0 lifts them, as there are none in a local AWS."""

    def __init__(
        self,
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        rate: float | None = None,
    ) -> None:
        for url in filter(None, (endpoint_url, os.environ.get("AWS_ENDPOINT_URL"))):
            if not url.startswith(("http://", "https://")):
                raise ToolError(f"{url} is no address of the AWS APIs: such a one begins with http:// or https://")
        region = region or os.environ.get("AWS_REGION")  # as the AWS CLI 2; botocore reads AWS_DEFAULT_REGION alone
        self.place = {"profile": profile, "region": region, "endpoint_url": endpoint_url}  # what makes another one
        self.session = self._session()
        self._endpoint_url = endpoint_url
        self._clients: dict[str, Client] = {}
        self._lock = threading.Lock()
        self.set_rate(rate)

    def set_rate(self, rate: float | None) -> None:
        """None: AWS's default quotas, and none in a local AWS."""
        if rate is None:
            rate = 0 if self._is_local else 1
        self._pacers = {name: Pacer(each * rate * _SHARE) for name, each in RATES.items()} if rate else {}

    def renew(self) -> None:
        """Look for the keys anew, for what runs on after their end: a file may have others by now."""
        with self._lock:
            self.session = self._session()
            self._clients = {}

    def _session(self) -> boto3.Session:
        return boto3.Session(profile_name=self.place["profile"], region_name=self.place["region"])

    def client(self, service: str) -> Client:
        """The boto3 client of a service; safe to use from every worker."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._make(service)
            return self._clients[service]

    def _make(self, service: str) -> Client:
        config = Config(
            retries={"mode": "adaptive", "max_attempts": 10},
            max_pool_connections=max(2 * WORKERS, READERS),  # each worker has at most two calls under way
            connect_timeout=10,
            proxies={} if self._is_local else None,  # what is here needs no proxy
            user_agent="aws_iot_tools",  # botocore composes its own anew for each call: a sixth of the CPU time
        )
        client = self.session.client(service, endpoint_url=self._endpoint_url, config=config)
        client.meta.events.register("request-created", self._pace)  # once per attempt: retries count too
        client.meta.events.register_first("needs-retry", _give_up)
        return client

    @property
    def _is_local(self) -> bool:
        url = self._endpoint_url or os.environ.get("AWS_ENDPOINT_URL") or ""
        return urllib.parse.urlparse(url).hostname in ("127.0.0.1", "localhost", "::1")

    def _pace(self, operation_name: str, **_: Any) -> None:
        pacer = self._pacers.get(operation_name)
        if pacer:
            pacer.wait()

    @property
    def iot(self) -> Client:
        return self.client("iot")

    @property
    def data(self) -> Client:
        return self.client("iot-data")

    @property
    def region(self) -> str:
        return self.iot.meta.region_name

    @property
    def url(self) -> str:
        """Where control-plane calls go."""
        return self.iot.meta.endpoint_url

    @functools.cached_property
    def arn_prefix(self) -> str:
        """What the ARNs of the account's AWS IoT resources begin with, as arn:aws:iot:eu-west-1:123456789012."""
        caller = self.client("sts").get_caller_identity()
        return f"arn:{caller['Arn'].split(':')[1]}:iot:{self.region}:{caller['Account']}"

    def endpoint(self) -> str:
        """The address that things of this account and region connect to (the ATS one, never the legacy one)."""
        return self._endpoint

    @functools.cached_property
    def _endpoint(self) -> str:
        return self.iot.describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"]


def _give_up(caught_exception: Exception | None, attempts: int, **_: Any) -> None:
    """Ten attempts are for throttling; where nothing answers at all, three tell it within seconds."""
    if isinstance(caught_exception, exceptions.EndpointConnectionError) and attempts >= _CONNECT_ATTEMPTS:
        raise caught_exception


def code(error: BaseException) -> str:
    """The error code that AWS gave, or an empty string."""
    return getattr(error, "response", {}).get("Error", {}).get("Code", "")


def passing(error: BaseException) -> bool:
    """True for what another try may mend: the network, or AWS itself."""
    if isinstance(error, exceptions.ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or code(error) in ("ThrottlingException", "TooManyRequestsException")
    return isinstance(error, (exceptions.HTTPClientError, exceptions.ConnectionError))


def patiently(ask: Callable[[], _T], say: Say, sleep: Callable[[float], object] = time.sleep) -> _T:
    """ask()'s answer, however long the network or AWS is away: that is said once, and once more when it is back."""
    told = False
    while True:
        try:
            answer = ask()
        except (exceptions.BotoCoreError, exceptions.ClientError) as error:
            if not passing(error):
                raise
            if not told:
                say(f"{explain(error)}; going on as soon as it answers")
            told = True
            sleep(_PATIENCE_S)
        else:
            if told:
                say("AWS answers again")
            return answer


def denied(error: BaseException) -> bool:
    """True when these credentials may not do this."""
    return code(error) in ("AccessDeniedException", "UnauthorizedException", "AccessDenied")


def stale(error: BaseException) -> bool:
    """True when AWS does not take the keys, any more or at all."""
    status = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode")
    return _BY_CODE.get(code(error)) in (_REFUSED, _EXPIRED) or (status == 403 and not denied(error))


def missing(error: BaseException) -> bool:
    """True when AWS says that the resource is not there."""
    return code(error) == "ResourceNotFoundException"


def lacking(error: BaseException) -> bool:
    """True where the local AWS, MiniStack, does not have this call."""
    return "Unsupported" in str(error)


def pages(method: Callable[..., Json], key: str, **arguments: Any) -> Iterator[Any]:
    """All items of a paged AWS IoT listing, page by page."""
    for answer in answers(method, **arguments):
        yield from answer.get(key) or ()


def answers(method: Callable[..., Json], **arguments: Any) -> Iterator[Json]:
    """The answers of a paged AWS IoT listing, one for each page."""
    answer = method(**arguments)
    while True:
        yield answer
        token = next((name for name in ("nextMarker", "nextToken") if answer.get(name)), None)
        if not token:
            return
        answer = method(**arguments, **{_REQUEST_TOKEN.get(token, token): answer[token]})


_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
_REQUEST_TOKEN = {"nextMarker": "marker"}

LOCAL = '`thing cloud up` and `eval "$(thing cloud env)"`'  # what gives a shell the local AWS
REGION = "pass --region, or set AWS_REGION or `region` in the profile"
_CREDENTIALS = f"set AWS_PROFILE or run `aws configure` (or {LOCAL} for a local AWS)"
_REFUSED = "AWS does not accept the credentials: they are wrong, have expired or belong to another partition"
_EXPIRED = "the AWS credentials have expired: `aws sso login`, or what gave them, makes new ones"
_BY_CODE = {
    "UnrecognizedClientException": _REFUSED,
    "InvalidClientTokenId": _REFUSED,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "InvalidSignatureException": _REFUSED,
    "SignatureDoesNotMatch": _REFUSED,
    "ThrottlingException": "AWS is throttling; what was done is kept: run the same command again in a minute",
    "LimitExceededException": "an AWS quota of the account is used up",
}


def explain(error: BaseException) -> str:
    """One sentence for an error of boto3: what happened, and the cure where one is known."""
    if isinstance(error, exceptions.ClientError):
        return _explain_answer(error)
    if isinstance(error, (exceptions.NoCredentialsError, exceptions.PartialCredentialsError)):
        return f"no AWS credentials: {_CREDENTIALS}"
    if isinstance(error, exceptions.NoRegionError):
        return f"no AWS region: {REGION} (or {LOCAL} for a local AWS)"
    if isinstance(error, exceptions.ProfileNotFound):
        known = botocore.session.get_session().available_profiles
        return f"{error}; {'there are ' + ', '.join(known) if known else '`aws configure` makes one'}"
    if isinstance(error, (exceptions.SSOError, exceptions.TokenRetrievalError)):
        return f"{_line(str(error))}: `aws sso login` makes new credentials"
    if isinstance(error, exceptions.ProxyConnectionError):
        return f"{_line(str(error))}: is HTTPS_PROXY or HTTP_PROXY right? NO_PROXY names what needs none"
    if isinstance(error, (exceptions.EndpointConnectionError, exceptions.ConnectTimeoutError)):
        return (
            f"{str(error).rstrip('.')}: is the network up, the region right, the local AWS (`thing cloud up`) started?"
        )
    return _NO_AWS if _is_page(str(error)) else _line(str(error))


def _explain_answer(error: exceptions.ClientError) -> str:
    operation, message = error.operation_name, _message(error)
    if _is_page(message):
        return f"{operation}: {_NO_AWS} ({code(error)})"
    message = _line(message)
    if denied(error):
        named = _ACTION.search(message)  # AWS IoT does not always name it; S3 and IAM do
        action = named[1] if named else f"iot:{operation}"
        return f"not allowed: {message} (the IAM user or role needs {action})"
    if code(error) == "ForbiddenException":  # which is all that the data plane says, also of keys that are wrong
        return f"{_REFUSED}, or the IAM user or role needs iot:{operation} ({operation}: {message})"
    if code(error) in _BY_CODE:
        return f"{_BY_CODE[code(error)]} ({operation}: {message})"
    return f"{operation}: {message} ({code(error)})"


_NO_AWS = (
    "a web page answered, not AWS: is the address right (--endpoint-url, AWS_ENDPOINT_URL), "
    "does a proxy or a network's log-in page stand between?"
)


def _is_page(text: str) -> bool:
    return bool(re.search(r"<(!doctype|html|body|head)\b", text, re.IGNORECASE))


def _line(text: str) -> str:
    """On one line, as errors are here."""
    return " ".join(text.split())


def _message(error: exceptions.ClientError) -> str:
    return error.response.get("Error", {}).get("Message") or str(error)
