"""MiniStack, the local AWS, with IoT policies enforced, and things made in it through boto3."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import boto3
from aws_iot_tools.things.policy import Additions, added, least_privilege
from botocore.config import Config

from .certificates import Authority
from .ports import free_port
from .processes import end

REGION, ACCOUNT = "us-east-1", "000000000000"
_ARN = f"arn:aws:iot:{REGION}:{ACCOUNT}"


@dataclass
class CloudThing:
    """A thing in the local AWS: its name, its certificate's ARN, and certificate and key as PEM text."""

    name: str
    certificate_arn: str
    certificate: str
    key: str

    @property
    def certificate_id(self) -> str:
        return self.certificate_arn.rsplit("/", 1)[1]


class MiniStack:
    """One MiniStack process on free ports: `gateway` for the AWS APIs, `port` for MQTT over mutual TLS.

    `authority`: who signs the certificates, in place of MiniStack's own RSA authority, whose key it checks anew for
    each certificate, 90 ms long.
    """

    def __init__(self, folder: Path, authority: Authority | None = None) -> None:
        self.folder, self.authority = folder, authority
        self.gateway, self.port = free_port(), free_port()
        self._process = None

    def start(self) -> "MiniStack":
        environment = {
            **os.environ,
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.gateway),
            "IOT_MTLS_PORT": str(self.port),
            "MINISTACK_HOST": "localhost",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "S3_DATA_DIR": str(self.folder / "s3"),
            "STATE_DIR": str(self.folder / "state"),
            "TMPDIR": str(self.folder),
        }
        environment.pop("AWS_SESSION_TOKEN", None)
        if self.authority:  # as MiniStack's own state that was kept
            environment["PERSIST_STATE"] = "1"
            state = {"ca_cert_pem": self.authority.pem().decode(), "ca_key_pem": self.authority.key_pem().decode()}
            (self.folder / "state").mkdir()
            (self.folder / "state" / "iot.json").write_text(json.dumps({"ca": state}))
        with open(self.folder / "ministack.log", "ab") as log:
            self._process = subprocess.Popen(
                [os.environ.get("MINISTACK_PYTHON", sys.executable), "-m", "ministack"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._await_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def _await_ready(self, timeout_s: float = 120) -> None:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                health = json.loads(self._get("/_ministack/health"))
                if health.get("iot_mtls") == "listening":
                    self.ca = self._get("/_ministack/iot/ca.pem").decode()
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"MiniStack is not ready after {timeout_s} s:\n{self.log[-2000:]}")

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=20) as answer:
            return answer.read()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.gateway}"

    @property
    def log(self) -> str:
        return (self.folder / "ministack.log").read_text(errors="replace")

    def client(self, service: str):
        """A boto3 client, such as client("iot") or client("iot-data")."""
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(connect_timeout=20, read_timeout=60, retries={"max_attempts": 2}),
        )

    def make_thing(
        self, name: str, policy: dict | None = None, csr: str | None = None, additions: Additions | None = None
    ) -> CloudThing:
        """Create a thing with a certificate (of its own key, or for a CSR) and a policy, attached as a user would; with
        additions, as `thing policy add` makes them, a second one."""
        iot = self.client("iot")
        iot.create_thing(thingName=name)
        if csr:
            made = iot.create_certificate_from_csr(certificateSigningRequest=csr, setAsActive=True)
        else:
            made = iot.create_keys_and_certificate(setAsActive=True)
        documents = {f"{name}-policy": json.dumps(policy) if policy else least_privilege(_ARN)}
        if additions:
            documents[f"{name}-policy-additions"] = added(_ARN, additions)
        for each, document in documents.items():
            iot.create_policy(policyName=each, policyDocument=document)
            iot.attach_policy(policyName=each, target=made["certificateArn"])
        iot.attach_thing_principal(thingName=name, principal=made["certificateArn"])
        key = made.get("keyPair", {}).get("PrivateKey", "")
        return CloudThing(name, made["certificateArn"], made["certificatePem"], key)

    def stop(self) -> None:
        if self._process:
            end(self._process)
            self._process = None
