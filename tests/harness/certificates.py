"""A certificate authority of our own: sound server and client certificates, and the broken ones of the fault suite."""

import datetime
import ipaddress
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_SIGNS = x509.KeyUsage(
    digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
    key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
)  # fmt: skip


def new_key(kind: str = "P-256"):
    """A private key: "P-256" or "RSA-2048"."""
    if kind == "RSA-2048":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Identity:
    """A certificate with its private key; `chain` holds the certificates between it and the root, nearest first."""

    certificate: x509.Certificate
    key: object
    chain: tuple = ()

    def certificate_pem(self) -> bytes:
        return b"".join(
            certificate.public_bytes(serialization.Encoding.PEM) for certificate in (self.certificate, *self.chain)
        )

    def certificate_der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def key_pem(self) -> bytes:
        return self._key_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)

    def key_der(self) -> bytes:
        # Not PKCS#8, which MicroPython 1.23 on ESP32 refuses in DER form.
        return self._key_bytes(serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL)

    def _key_bytes(self, encoding, form) -> bytes:
        return self.key.private_bytes(encoding, form, serialization.NoEncryption())

    def write(self, folder, stem: str) -> tuple:
        """Write stem.crt and stem.key into the folder; returns both paths."""
        paths = folder / f"{stem}.crt", folder / f"{stem}.key"
        for path, content in zip(paths, (self.certificate_pem(), self.key_pem()), strict=True):
            path.write_bytes(content)
            path.chmod(0o644)  # Mosquitto started by root reads them as its own user
        return paths


class Authority:
    """A root, or with `issuer` an intermediate, certificate authority.

    `extensions`: with key usage and key identifiers (RFC 5280, section 4.2.1). OpenSSL's strict checks, Python 3.13's
    default, refuse a chain without; many an authority that somebody made by hand has none.
    """

    def __init__(
        self, name: str = "Test Root CA", kind: str = "P-256", issuer: "Authority | None" = None, extensions=True
    ) -> None:
        self.key = new_key(kind)
        self._issuer, self._identifies = issuer, extensions
        extensions = [(x509.BasicConstraints(ca=True, path_length=None), True), *[(_SIGNS, True)] * extensions]
        self.certificate = (issuer or self)._sign(name, self.key, extensions)

    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def key_pem(self) -> bytes:
        return Identity(self.certificate, self.key).key_pem()

    def issue(self, name: str, kind: str = "P-256", *, hosts=(), from_days=-1, to_days=3650) -> Identity:
        """A server's certificate for hosts, or without hosts a client's; valid from and to these days from now."""
        usage = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
        extensions = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (x509.ExtendedKeyUsage([usage]), False),
        ]
        if hosts:
            extensions.append((x509.SubjectAlternativeName([_host(host) for host in hosts]), False))
        key = new_key(kind)
        return Identity(self._sign(name, key, extensions, from_days, to_days), key, self._presented())

    def _sign(self, name: str, key, extensions, from_days=-1, to_days=3650) -> x509.Certificate:
        now = datetime.datetime.now(datetime.timezone.utc)
        # A root that is just being made signs itself, and has no certificate yet.
        issuer = self.certificate.subject if hasattr(self, "certificate") else _name(name)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=from_days))
            .not_valid_after(now + datetime.timedelta(days=to_days))
        )
        if self._identifies:
            mine = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
            issuers = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
            extensions = [*extensions, (mine, False), (issuers, False)]
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self.key, hashes.SHA256())

    def _presented(self) -> tuple:
        """What a server sends besides its own certificate: the intermediates up to, but without, the root."""
        if not self._issuer:
            return ()
        return (self.certificate, *self._issuer._presented())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _host(host: str):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
