"""Why a thing does not come in by the doors of HTTPS and of the WebSocket: their stages, up to a first answer.

https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
"""

from __future__ import annotations

import base64
import email.utils
import http.client
import json
import os
import ssl
import time
import urllib.parse
from collections.abc import Callable
from email.message import Message
from typing import TYPE_CHECKING, Any

from .doctor import HTTPS_PORT, Patient, Sick, Stages, Tell, authorities, distrust, run
from .probe import Probe

if TYPE_CHECKING:
    from ..things.project import Project

_PORTS = {"wss": 443, "https": HTTPS_PORT, "https-sigv4": 443}
_CLOCK_S = 300
Keys = tuple[str, str, str | None]  # access key id, secret, session token


def examine(
    project: Project, report: Tell, door: str, own: Callable[[], Keys | None], causes: Callable[[], list[str]]
) -> bool:
    """As doctor.examine(), for this door. ``own()``: this computer's AWS keys, for a thing without a role alias."""
    config = project.config()
    probe = Probe(config.get("endpoint") or "", project.port(door) or _PORTS[door], name=config.get("host"))
    patient = _Patient(project, config, probe, causes, own=own, shows=door == "https")
    keys: Stages = () if door == "https" else (("keys", patient.fetch),)
    last: Stages = (("first call", patient.call),)
    if door == "wss":
        last = ("WebSocket", patient.upgrade), ("CONNECT", patient.connect)
    stages: Stages = (
        ("files", patient.files), ("key and certificate", patient.pair), ("endpoint", patient.endpoint), *keys,
        ("DNS", patient.dns), ("TCP", patient.tcp), ("TLS", patient.tls), *last,
    )  # fmt: skip
    try:
        return run(stages, report)
    finally:
        probe.close()


class _Patient(Patient):
    """``shows``: whether the door wants the certificate."""

    kind = "an HTTPS"

    def __init__(self, *args: Any, own: Callable[[], Keys | None], shows: bool) -> None:
        super().__init__(*args)
        self.own = own
        self.shows = shows
        self.keys: Keys | None = None
        self.host = self.config.get("host") or self.probe.host
        self.region = self.config.get("region") or self.host.partition(".iot.")[2].partition(".")[0]

    def fetch(self) -> str:
        """AWS keys: by the role alias, or those of this computer."""
        alias, server = self.config.get("role_alias"), self.config.get("credentials")
        if not (alias and server):
            self.keys = self.own()
            if self.keys is None:
                raise Sick(
                    "no role_alias in thing.conf.json (`thing role-alias create` makes one), and this computer has no "
                    "AWS keys to try with instead"
                )
            return "this computer's, since thing.conf.json names no role alias: the board's own may differ"
        name, _, port = server.partition(":")
        probe = Probe(name, int(port or 443))
        try:
            probe.open()
            probe.secure(authorities(self.project), *self._files())
            path = f"/role-aliases/{urllib.parse.quote(alias, safe='')}/credentials"
            headers = {"x-amzn-iot-thingname": self.config["thingname"]}
            status, answer, body = _ask(probe, "GET", path, server, headers)
        except ssl.SSLCertVerificationError as error:
            raise Sick(f"{server}: {distrust(error, name)}") from error
        except (OSError, http.client.HTTPException) as error:
            raise Sick(
                f"the credential provider {server} does not answer ({error}): is it the one that `aws iot "
                "describe-endpoint --endpoint-type iot:CredentialProvider` prints, is the certificate active, does a "
                f"firewall block it?{self._more()}"
            ) from error
        finally:
            probe.close()
        late = _late(answer)
        if late:
            raise Sick(late)
        if status != 200:
            raise Sick(
                f"no keys by role alias {alias} (HTTP {status}: {_message(body)}): is there one of that name, does the "
                "certificate's policy allow iot:AssumeRoleWithCertificate on it, does the role trust "
                f"credentials.iot.amazonaws.com? `thing role-alias create` sees to all of that{self._more()}"
            )
        try:
            found = json.loads(body)["credentials"]
            self.keys = found["accessKeyId"], found["secretAccessKey"], found["sessionToken"]
        except (ValueError, KeyError, TypeError):
            raise Sick(f"{server} is no credential provider, or a proxy answers in its place: {body[:40]!r}") from None
        return f"of role alias {alias}, until {found['expiration']}"

    def tls(self) -> str:
        return super().tls() if self.shows else self._secure()

    def upgrade(self) -> str:
        key = base64.b64encode(os.urandom(16)).decode()
        headers = {
            "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Protocol": "mqtt", "Sec-WebSocket-Key": key,
        }  # fmt: skip
        status, answer, _ = self._step(
            lambda: _ask(self.probe, "GET", self._presigned(), self._name(), headers),
            "closed instead of answered: a proxy or a firewall in between?",
        )
        if status == 403:
            raise Sick(f"refused (HTTP 403): {_late(answer) or 'are the keys right, may they connect (iot:Connect)?'}")
        if status != 101:
            raise Sick(f"HTTP {status}, no WebSocket: is it AWS's endpoint, or does a proxy answer in its place?")
        self.probe.in_frames()
        return "open"

    def call(self) -> str:
        path = f"/things/{urllib.parse.quote(self.config['thingname'], safe='')}/shadow"
        status, answer, body = self._step(
            lambda: _ask(self.probe, "GET", path, self._name(), self._signed(path)),
            "closed instead of answered: is the certificate active, is this the port of HTTPS?",
        )
        if status == 403:
            why = self.keys and _late(answer)
            why = why or f"does the policy allow iot:GetThingShadow on thing/{self.config['thingname']}?"
            if self.shows:
                why += " The one that `thing add` makes is for MQTT: `thing policy add --https` allows this door, too"
            raise Sick(f"refused (HTTP 403: {_message(body)}): {why}{self._more()}")
        if status not in (200, 404):
            raise Sick(f"HTTP {status}, {body[:60]!r}: does a proxy answer in AWS's place?")
        return "the shadow" if status == 200 else "there is no shadow yet"

    def _name(self) -> str:
        """The Host of a request."""
        return self.host if self.probe.port == 443 else f"{self.host}:{self.probe.port}"

    def _presigned(self) -> str:
        """Path and query; the token is not signed, as AWS IoT alone wants it."""
        from botocore.auth import SigV4QueryAuth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        access, secret, token = self.keys or ("", "", None)
        request = AWSRequest("GET", f"https://{self._name()}/mqtt")
        SigV4QueryAuth(Credentials(access, secret), "iotdevicegateway", self.region, expires=60).add_auth(request)
        target = str(request.url).partition(self._name())[2]
        return target + (f"&X-Amz-Security-Token={urllib.parse.quote(token, safe='')}" if token else "")

    def _signed(self, path: str) -> dict[str, str]:
        """The headers of a signature; none where the certificate is the identity."""
        if self.keys is None:
            return {}
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        request = AWSRequest("GET", f"https://{self._name()}{path}")
        SigV4Auth(Credentials(*self.keys), "iotdata", self.region).add_auth(request)
        return dict(request.headers)


def _ask(probe: Probe, method: str, path: str, host: str, headers: dict[str, str]) -> tuple[int, Message, bytes]:
    """-> status, headers and body of the answer to a request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
    answer = probe.ask("".join(f"{line}\r\n" for line in lines) + "\r\n")
    return answer.status, answer.headers, answer.read(65536) if answer.status != 101 else b""


def _late(headers: Message) -> str:
    """What is wrong with the clock of this computer, by the server's; "" if nothing."""
    try:
        off = time.time() - email.utils.parsedate_to_datetime(headers.get("Date") or "").timestamp()
    except ValueError:
        return ""
    if abs(off) < _CLOCK_S:
        return ""
    return f"the clock of this computer is {abs(off) / 60:.0f} minutes {'ahead of' if off > 0 else 'behind'} AWS's"


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return repr(body[:40])
