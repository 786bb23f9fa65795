"""TLS for the scripted broker: an authority made for the run, and server certificates good and bad.

P-256 throughout: MicroPython's mbedTLS refuses an RSA-PSS signature under TLS 1.2, and EC is fast.
"""

import datetime
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = datetime.timedelta(days=1)
_PKCS8 = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


@dataclass
class Pair:
    """A certificate and its private key, PEM."""

    cert: bytes
    key: bytes

    def save(self, folder, name):
        """Write NAME.crt and NAME.key; their paths."""
        paths = []
        for end, data in (("crt", self.cert), ("key", self.key)):
            path = Path(folder) / f"{name}.{end}"
            path.write_bytes(data)
            path.chmod(0o600)
            paths.append(str(path))
        return paths


class Authority:
    """A root of its own. `ca` is what a device must trust, PEM."""

    def __init__(self, name="test root"):
        self._key, self._name = ec.generate_private_key(ec.SECP256R1()), _name(name)
        self._cert = _build(self._name, self._name, self._key.public_key(), self._key, ca=True)
        self.ca = self._cert.public_bytes(serialization.Encoding.PEM)

    def issue(self, name, days_from=-1, days_until=30, padding_bytes=0):
        """A certificate for `name`, valid between two days counted from today; padding makes it large."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.timezone.utc)
        span = (now + days_from * _DAY, now + days_until * _DAY)
        cert = _build(_name(name), self._name, key.public_key(), self._key, span=span, padding_bytes=padding_bytes)
        return Pair(cert.public_bytes(serialization.Encoding.PEM), key.private_bytes(*_PKCS8))


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _build(subject, issuer, public_key, signer, ca=False, span=None, padding_bytes=0):
    now = datetime.datetime.now(datetime.timezone.utc)
    begin, end = span or (now - 40 * _DAY, now + 400 * _DAY)
    names = [x509.DNSName(subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)]
    names += [x509.DNSName(f"{index:04d}.{'x' * 50}.example") for index in range(padding_bytes // 64)]
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end)
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    if not ca:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, hashes.SHA256())


def server_context(pair, client_ca=None, oldest=None, newest=None, extra=b""):
    """A server's context: client_ca asks for a client certificate of that root; oldest and newest bound the TLS
    version; extra certificates (PEM) lengthen the chain that is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        cert, key = Pair(pair.cert + extra, pair.key).save(folder, "server")
        context.load_cert_chain(cert, key)
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=client_ca.decode())
    if oldest:
        context.minimum_version = oldest
    if newest:
        context.maximum_version = newest
    return context
