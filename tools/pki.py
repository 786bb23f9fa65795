"""Keys, certificate requests and certificates (cryptography is imported on use: it takes 60 ms)."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, cast

from .errors import ToolError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

    Extensions = list[tuple[x509.ExtensionType, bool]]  # and whether it is critical

NAME_LIMIT = 64  # characters of a common name, by X.520; the name of a thing may have 128
SUBJECT = "${iot:Certificate.Subject.CommonName}"  # what stands for it in policies of AWS IoT


def new_key(kind: str = "ec") -> bytes:
    """A private key, P-256 ("ec") or RSA-2048 ("rsa"), as PEM in the form that every MicroPython's TLS reads."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    rsa_wanted = kind == "rsa"
    key = rsa.generate_private_key(65537, 2048) if rsa_wanted else ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def new_authority(name: str) -> tuple[str, str]:
    """A CA of its own with a P-256 key; -> (certificate, key) as PEM text."""
    from cryptography import x509

    pem = new_key()
    key = load_key(pem)
    signing = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    extensions: Extensions = [(x509.BasicConstraints(ca=True, path_length=0), True), (signing, True)]
    return signed(named(name), key, named(name), key, extensions).decode(), pem.decode()


def named(text: str) -> x509.Name:
    """A distinguished name that is a common name alone."""
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def signed(
    name: x509.Name,
    key: CertificateIssuerPrivateKeyTypes,
    issuer: x509.Name,
    issuer_key: CertificateIssuerPrivateKeyTypes,
    extensions: Extensions,
) -> bytes:
    """A certificate as PEM, valid for ten years from yesterday on."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, SHA256()).public_bytes(Encoding.PEM)


def request(key_pem: str | bytes, common_name: str) -> str:
    """A certificate signing request (PEM text) for a private key."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    built = x509.CertificateSigningRequestBuilder().subject_name(named(common_name[:NAME_LIMIT]))
    return built.sign(load_key(key_pem), SHA256()).public_bytes(Encoding.PEM).decode()


def public_pem(key_pem: str | bytes) -> str:
    """The public key of a private key, as PEM text."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return load_key(key_pem).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_of_certificate(certificate_pem: str | bytes) -> str:
    """The public key in a certificate, as PEM text: equal to public_pem() of its private key."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = _certificate(certificate_pem).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def end_of_certificate(certificate_pem: str | bytes) -> datetime.datetime:
    """Until when it is valid."""
    return _certificate(certificate_pem).not_valid_after_utc


def name_of_certificate(certificate_pem: str | bytes) -> str:
    """The common name of whom it is for; "" where it has none."""
    from cryptography.x509.oid import NameOID

    names = _certificate(certificate_pem).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def check_pair(
    certificate_pem: str | bytes, key_pem: str | bytes, now: datetime.datetime | None = None
) -> datetime.datetime:
    """Return the certificate's last day; ToolError when the key is not its key or the dates do not hold."""
    if public_of_certificate(certificate_pem) != public_pem(key_pem):
        raise ToolError(
            "the private key does not belong to the certificate: files of two things are mixed up; "
            "`thing use` puts both of one thing in place"
        )
    certificate = _certificate(certificate_pem)
    now = now or datetime.datetime.now(datetime.timezone.utc)
    if now > certificate.not_valid_after_utc:
        raise ToolError(
            f"the certificate expired on {certificate.not_valid_after_utc:%Y-%m-%d}: make a new thing with `thing add`"
        )
    if now < certificate.not_valid_before_utc:
        raise ToolError(
            f"the certificate is valid only from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC: "
            "is the clock of this computer right?"
        )
    return certificate.not_valid_after_utc


def load_key(pem: str | bytes) -> CertificateIssuerPrivateKeyTypes:
    """A private key in PEM form; ToolError when it is none, or has a password."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return cast("CertificateIssuerPrivateKeyTypes", load_pem_private_key(_bytes(pem), None))
    except (ValueError, TypeError) as error:
        raise ToolError("the private key is no PEM key without a password") from error


def _certificate(pem: str | bytes) -> x509.Certificate:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(_bytes(pem))
    except ValueError as error:
        raise ToolError(f"the certificate is no PEM certificate: {error}") from error


def _bytes(pem: str | bytes) -> bytes:
    return pem.encode() if isinstance(pem, str) else pem
