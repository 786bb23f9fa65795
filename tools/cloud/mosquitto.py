"""Mosquitto in front of the local AWS, for real boards on the network: mutual TLS, AWS's topics bridged to MiniStack.

The bridge needs no more of the other side than AWS IoT offers, so the same lines work against AWS itself.
"""

from __future__ import annotations

import getpass
import ipaddress
import json
import os
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from .. import journal, pki
from ..errors import ToolError
from . import processes

if TYPE_CHECKING:
    from .local_aws import Cloud

_START_S = 10
_OUT = (
    "$aws/things/+/shadow/get", "$aws/things/+/shadow/update", "$aws/things/+/shadow/delete",
    "$aws/things/+/shadow/name/+/get", "$aws/things/+/shadow/name/+/update", "$aws/things/+/shadow/name/+/delete",
    "$aws/things/+/jobs/get", "$aws/things/+/jobs/start-next",
    "$aws/things/+/jobs/+/get", "$aws/things/+/jobs/+/update",
    "dt/#",
)  # fmt: skip
_ANSWERED = tuple(topic for topic in _OUT if topic != "dt/#")
_IN = (
    *(f"{topic}/{answer}" for topic in _ANSWERED for answer in ("accepted", "rejected")),
    "$aws/things/+/shadow/update/delta", "$aws/things/+/shadow/update/documents",
    "$aws/things/+/shadow/name/+/update/delta",
    "$aws/things/+/jobs/notify", "$aws/things/+/jobs/notify-next",
    "cmd/#",
)  # fmt: skip
_BRIDGE_POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}


FOLDER = "mosquitto"  # in the local AWS's


def start(cloud: Cloud, port: int, upstream: int, addresses: list[str]) -> None:
    """Start a Mosquitto on a port for a local AWS whose own one is `upstream`; its certificate has these addresses."""
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")
    if not program:
        raise ToolError("mosquitto is not installed: apt install mosquitto (or brew install mosquitto)")
    folder = cloud.folder.resolve() / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    _server_certificate(cloud, folder, addresses)
    _bridge_certificate(cloud, folder)
    journal.write(folder / "mosquitto.conf", _configuration(folder, port, upstream))
    log = folder / "mosquitto.log"
    process = processes.start([program, "-c", str(folder / "mosquitto.conf")], log, folder)
    processes.note(folder, process.pid)
    processes.wait_until(lambda: processes.answers(port), process, log, _START_S, "Mosquitto")


def lan_addresses() -> list[str]:
    """This machine's addresses on its networks, the one of the default route first."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a UDP connect sends nothing; it only picks the route
            found.append(probe.getsockname()[0])
        except OSError:
            pass  # no network at all
    try:
        found += [info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    except OSError:
        pass  # a host name that does not resolve
    return [address for address in dict.fromkeys(found) if not address.startswith("127.")]


def _configuration(folder: Path, port: int, upstream: int) -> str:
    lines = [
        f"user {getpass.getuser()}",  # as root it would drop to a user that cannot read the keys
        "allow_anonymous true",  # who may connect is decided by the certificate
        "set_tcp_nodelay true",
        "message_size_limit 131072",
        f"listener {port}",
        f"cafile {folder.parent / 'ca.pem'}", f"certfile {folder / 'server.pem'}", f"keyfile {folder / 'server.key'}",
        "require_certificate true",
        "connection cloud", f"address 127.0.0.1:{upstream}", "remote_clientid thing-cloud-bridge",
        f"bridge_cafile {folder.parent / 'ca.pem'}", f"bridge_certfile {folder / 'bridge.pem'}",
        f"bridge_keyfile {folder / 'bridge.key'}",
        "try_private false", "notifications false", "cleansession true",
        *(f"topic {topic} out 1" for topic in _OUT), *(f"topic {topic} in 1" for topic in _IN),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _bridge_certificate(cloud: Cloud, folder: Path) -> None:
    """A certificate of the local AWS that may do everything; made once, kept with the cloud's data."""
    import boto3

    if (folder / "bridge.pem").exists():
        return
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    iot = boto3.client("iot", endpoint_url=cloud.url, region_name=cloud.region, **keys)
    made = iot.create_keys_and_certificate(setAsActive=True)
    iot.create_policy(policyName="thing-cloud-bridge", policyDocument=json.dumps(_BRIDGE_POLICY))
    iot.attach_policy(policyName="thing-cloud-bridge", target=made["certificateArn"])
    journal.write(folder / "bridge.key", made["keyPair"]["PrivateKey"], journal.SECRET)
    journal.write(folder / "bridge.pem", made["certificatePem"])


def _server_certificate(cloud: Cloud, folder: Path, addresses: list[str]) -> None:
    """Write server.pem and server.key for these addresses, signed by the local AWS's CA."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    issuer = x509.load_pem_x509_certificate(cloud.ca.encode()).subject
    ca_key = pki.load_key((cloud.folder / "ca.key").read_bytes())
    key = pki.new_key()
    names = [x509.DNSName(name) for name in dict.fromkeys(("localhost", socket.gethostname()))]
    numbers = [x509.IPAddress(ipaddress.ip_address(address)) for address in ["127.0.0.1", *addresses]]
    extensions: pki.Extensions = [
        (x509.SubjectAlternativeName([*names, *numbers]), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
    ]
    signed = pki.signed(pki.named("thing cloud server"), pki.load_key(key), issuer, ca_key, extensions)
    journal.write(folder / "server.key", key, journal.SECRET)
    journal.write(folder / "server.pem", signed)
