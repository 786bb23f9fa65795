"""Mosquitto in front of the local AWS, for real boards on the network: mutual TLS, AWS's topics bridged to MiniStack.

The bridge needs no more of the other side than AWS IoT offers, so the same lines work against AWS itself.
"""

from __future__ import annotations

import datetime
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
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

    from .local_aws import Cloud

    Extensions = list[tuple[x509.ExtensionType, bool]]  # and whether it is critical

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


class Front:
    """Where the Mosquitto is: host, port, ca (PEM text), pid."""

    def __init__(self, host: str, port: int, ca: str, pid: int) -> None:
        self.host, self.port, self.ca, self.pid = host, port, ca, pid


def start(cloud: Cloud, port: int) -> Front:
    """Start a Mosquitto for a running cloud; -> Front. Its certificate carries this machine's addresses."""
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")
    if not program:
        raise ToolError("mosquitto is not installed: apt install mosquitto (or brew install mosquitto)")
    folder = cloud.folder.resolve() / "mosquitto"
    folder.mkdir(exist_ok=True)
    addresses = lan_addresses()
    ca = _server_certificate(folder, addresses)
    journal.write(folder / "devices-ca.pem", cloud.ca)
    _bridge_certificate(cloud, folder)
    journal.write(folder / "mosquitto.conf", _configuration(folder, port, cloud.mqtt_port))
    log = folder / "mosquitto.log"
    process = processes.start([program, "-c", str(folder / "mosquitto.conf")], log)
    processes.wait_until(lambda: processes.answers(port), process, log, _START_S, "Mosquitto")
    return Front(addresses[0] if addresses else "localhost", port, ca, process.pid)


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
        f"cafile {folder / 'devices-ca.pem'}", f"certfile {folder / 'server.pem'}", f"keyfile {folder / 'server.key'}",
        "require_certificate true",
        "connection cloud", f"address 127.0.0.1:{upstream}", "remote_clientid thing-cloud-bridge",
        f"bridge_cafile {folder / 'devices-ca.pem'}", f"bridge_certfile {folder / 'bridge.pem'}",
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


def _server_certificate(folder: Path, addresses: list[str]) -> str:
    """Write server.pem and server.key for these addresses, signed by a CA of this folder; -> the CA as PEM text."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    key_path, ca_path = folder / "ca.key", folder / "ca.pem"
    if not (key_path.exists() and ca_path.exists()):  # boards have it: it must outlive a restart
        journal.write(key_path, pki.new_key(), journal.SECRET)
        key = pki.load_key(key_path.read_bytes())
        signing = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        authority: Extensions = [(x509.BasicConstraints(ca=True, path_length=0), True), (signing, True)]
        journal.write(ca_path, _certificate("thing cloud", key, key, authority))
    ca_key = pki.load_key(key_path.read_bytes())
    servers = pki.new_key()
    names = [x509.DNSName(name) for name in dict.fromkeys(("localhost", socket.gethostname()))]
    numbers = [x509.IPAddress(ipaddress.ip_address(address)) for address in ["127.0.0.1", *addresses]]
    server: Extensions = [
        (x509.SubjectAlternativeName([*names, *numbers]), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
    ]
    journal.write(folder / "server.key", servers, journal.SECRET)
    journal.write(folder / "server.pem", _certificate("thing cloud server", pki.load_key(servers), ca_key, server))
    return ca_path.read_text()


def _certificate(
    name: str,
    key: CertificateIssuerPrivateKeyTypes,
    ca_key: CertificateIssuerPrivateKeyTypes,
    extensions: Extensions,
) -> bytes:
    """A certificate of the CA "thing cloud" as PEM, valid for ten years."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name("thing cloud"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(ca_key, SHA256()).public_bytes(Encoding.PEM)


def _name(text: str) -> x509.Name:
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
