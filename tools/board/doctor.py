"""Why does a thing not connect? Stage by stage, up to the first that fails, with its likely cause and cure.

What the stages look for is what people run into: a wrong endpoint type, mixed-up keys, a clock that was never set, a
policy that denies, an inactive certificate, a proxy in between.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from aws_iot import roots

from .. import pki
from ..errors import ToolError
from ..shapes import Json
from ..things.project import CONFIG
from . import checks
from .probe import Closed, Probe

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from ..things.project import Project

_T = TypeVar("_T")
Tell = Callable[[str, bool, str], object]  # stage, whether it went well, finding or cause
Stages = Iterable[tuple[str, Callable[[], str]]]

PORT = 8883
HTTPS_PORT = 8443
_CODES = ("", "protocol version", "client id", "server unavailable", "user name or password", "not authorised")


class Sick(Exception):
    """A stage failed; the text says the likely cause and the cure."""


def examine(project: Project, report: Tell, causes: Callable[[], list[str]] = lambda: []) -> bool:
    """Run the stages of the host; report(stage, ok, text) after each; -> True when all is well.

    causes() is asked what AWS itself knows when AWS refuses: -> sentences.
    """
    config = project.config()
    probe = Probe(config.get("endpoint") or "", project.port("mqtt") or PORT)
    patient = Patient(project, config, probe, causes)
    stages = (
        ("files", patient.files), ("key and certificate", patient.pair), ("endpoint", patient.endpoint),
        ("DNS", patient.dns), ("TCP", patient.tcp), ("TLS", patient.tls), ("CONNECT", patient.connect),
        ("subscribe", patient.subscribe), ("publish", patient.publish),
    )  # fmt: skip
    try:
        return run(stages, report)
    finally:
        probe.close()


def run(stages: Stages, report: Tell) -> bool:
    """Run (name, function) pairs until one raises Sick; a function's return value is its finding."""
    for name, stage in stages:
        try:
            report(name, True, stage())
        except (Sick, ToolError) as error:
            report(name, False, str(error))
            return False
    return True


class Patient:
    """The stages of MQTT with a certificate; ``kind`` is said of its port."""

    kind = "an MQTT"

    def __init__(self, project: Project, config: Json, probe: Probe, causes: Callable[[], list[str]]) -> None:
        self.project, self.config, self.probe, self.causes = project, config, probe, causes
        self.prefix = f"$aws/things/{config.get('thingname')}/shadow/get"

    def files(self) -> str:
        checks.check_files(self.project)
        return ", ".join([CONFIG, *self.project.files()])

    def pair(self) -> str:
        certificate, key = [path.read_bytes() for path in self._files()]
        last = pki.check_pair(certificate, key)
        return f"belong together, valid until {last:%Y-%m-%d}"

    def endpoint(self) -> str:
        return check_endpoint(self.config["endpoint"])

    def dns(self) -> str:
        try:
            return ", ".join(self.probe.look_up())
        except socket.gaierror as error:
            raise Sick(
                f"{self.probe.host} does not resolve ({error.strerror}): is it spelled right, is this computer online? "
                "`aws iot describe-endpoint --endpoint-type iot:Data-ATS` prints the right one"
            ) from error

    def tcp(self) -> str:
        try:
            self.probe.open()
        except OSError as error:
            raise Sick(
                f"port {self.probe.port} of {self.probe.host} does not answer ({error.strerror or 'no answer'}): does "
                "a firewall block it on the way out, or is the local AWS not started (`thing cloud up`)?"
            ) from error
        return f"port {self.probe.port} answers"

    def _files(self) -> list[Path]:
        """Certificate and key."""
        return [self.project.folder / name for name in self.project.files()]

    def tls(self) -> str:
        return self._secure(*self._files())

    def _secure(self, *files: Path) -> str:
        try:
            version = self.probe.secure(authorities(self.project), *files)
        except ssl.SSLCertVerificationError as error:
            raise Sick(distrust(error, self.probe.name)) from error
        except (OSError, ssl.SSLError) as error:
            raise Sick(
                f"the handshake failed ({getattr(error, 'reason', None) or error}): is this {self.kind} port, and is "
                f"the certificate one of this account?{self._more()}"
            ) from error
        return f"{version}, server certificate good"

    def connect(self) -> str:
        code = self._step(
            lambda: self.probe.connect(self.config["mqttid"]),
            "the connection was closed instead of accepted: the certificate is inactive or unknown, its policy does "
            f"not allow iot:Connect as client {self.config['mqttid']}, or it is not attached to the thing",
        )
        if code:
            raise Sick(f"refused: {_CODES[code] if code < len(_CODES) else code}{self._more()}")
        return f"accepted as {self.config['mqttid']}"

    def subscribe(self) -> str:
        code = self._step(
            lambda: self.probe.subscribe(f"{self.prefix}/+"),
            f"closed on the subscription: the policy does not allow iot:Subscribe to {self.prefix}/+",
        )
        if code > 1:
            raise Sick(f"refused: the policy does not allow iot:Subscribe to {self.prefix}/+{self._more()}")
        return f"{self.prefix}/+"

    def publish(self) -> str:
        def ask() -> str:
            self.probe.publish(self.prefix)
            return self.probe.receive()[0]

        answer = self._step(
            ask, f"closed on the publish: the policy does not allow iot:Publish to {self.prefix}", silence="iot:Receive"
        )
        return f"the shadow answered on {answer.rpartition('/')[2]}"

    def _step(self, step: Callable[[], _T], closed: str, silence: str | None = None) -> _T:
        try:
            return step()
        except TimeoutError as error:
            reason = f"the policy may not allow {silence} on the answer" if silence else "is something in between?"
            raise Sick(f"no answer within {self.probe.timeout_s} s: {reason}{self._more()}") from error
        except (Closed, OSError) as error:
            raise Sick(closed + self._more()) from error

    def _more(self) -> str:
        if self.kind == Patient.kind and self.probe.port in (HTTPS_PORT, *(self.config.get("ports") or {}).values()):
            return f"; port {self.probe.port} is one of HTTPS: MQTT's, `port` in {CONFIG}, is {PORT} at AWS"
        return "".join(f"; AWS says: {cause}" for cause in self.causes())


def check_endpoint(endpoint: str) -> str:
    """A finding about the endpoint's type; Sick for one that cannot work."""
    fault = checks.endpoint_fault(endpoint)
    if fault:
        raise Sick(fault)
    if not endpoint.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return f"{endpoint} (not AWS's own name: a local AWS or a custom domain)"
    if ".credentials.iot." in endpoint or ".jobs.iot." in endpoint:
        raise Sick(f"{endpoint} is the endpoint of another service: use the one of type iot:Data-ATS")
    if "-ats.iot." not in endpoint:
        raise Sick(
            f"{endpoint} is the legacy endpoint, whose certificate no Amazon root signs: "
            "use the one of type iot:Data-ATS"
        )
    return f"{endpoint} (Data-ATS)"


def aws_causes(aws: Aws, config: Json) -> list[str]:
    """What the account says about a certificate that is refused; nothing when it cannot be asked."""
    from botocore.exceptions import BotoCoreError, ClientError

    arn = config.get("cert_arn") or ""
    try:
        status = aws.iot.describe_certificate(certificateId=arn.rpartition("/")[2])["certificateDescription"]["status"]
        causes = [] if status == "ACTIVE" else [f"the certificate is {status}"]
        if not aws.iot.list_attached_policies(target=arn)["policies"]:
            causes.append("no policy is attached to the certificate")
        if config.get("thingname") not in aws.iot.list_principal_things(principal=arn)["things"]:
            causes.append(f"the certificate is not attached to {config.get('thingname')}")
        return causes
    except ClientError as error:
        missing = error.response["Error"]["Code"] == "ResourceNotFoundException"
        return ["this account has no such certificate"] if missing else []
    except BotoCoreError:
        return []


def authorities(project: Project) -> str:
    """The CAs that the server's certificate is verified by, as PEM."""
    name = project.config().get("cacert")
    if name:
        return (project.folder / name).read_text(encoding="utf-8")
    return "".join(map(ssl.DER_cert_to_PEM_cert, (roots.CA1, roots.CA3)))


def distrust(error: ssl.SSLCertVerificationError, host: str) -> str:
    """Why the server's certificate is not trusted, in words."""
    reason = error.verify_message
    if "ostname mismatch" in reason or "IP address mismatch" in reason:
        return f"the server's certificate is for another name than {host}: the endpoint is wrong"
    for words in ("certificate is not yet valid", "certificate has expired"):  # OpenSSL 3.6 says more
        if words in reason:
            return f"{words}: is the clock of this computer right?"
    return (
        f'the server\'s certificate is not signed by the expected CA ({reason}): a wrong endpoint, a wrong "cacert" '
        f"in {CONFIG}, or a proxy that opens TLS"
    )
