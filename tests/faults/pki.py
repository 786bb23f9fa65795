"""Certificates and TLS contexts of the fault suite: one sound server, and one for each way to be unsound."""

import functools
import ssl
import tempfile
from pathlib import Path

from tests.harness.board_tls import server_context
from tests.harness.certificates import Authority

HOST = "localhost"
_LARGE_NAMES = 150  # alternative names of 60 bytes: a certificate of over 8 KB


class Pki:
    """Made once for a run. P-256 throughout: fast, and under TLS 1.2 MicroPython's mbedTLS refuses RSA-PSS."""

    def __init__(self):
        self._kept = tempfile.TemporaryDirectory()
        self.folder = Path(self._kept.name)
        self.root, self.other = Authority("fault suite root"), Authority("another root")
        (self.folder / "ca.pem").write_bytes(self.root.pem())
        for name in ("device", "renewed"):
            self.root.issue(name).write(self.folder, name)
        self._made = 0

    def device(self, name="device"):
        """The device program's `tls` parameter; name: "device", or "renewed" for another certificate of it."""
        names = {"ca": "ca.pem", "cert": f"{name}.crt", "key": f"{name}.key"}
        return {**{name: str(self.folder / file) for name, file in names.items()}, "host": HOST}

    def context(self, kind):
        """A server's context: good, stranger (unknown root), misnamed, expired, future, large, refuse (does not trust
        the device's certificate), old (TLS 1.0), tls; 12 or 13 behind it fixes the TLS version."""
        identity = {
            "stranger": lambda: self.other.issue(HOST, hosts=[HOST]),
            "misnamed": lambda: self.root.issue("elsewhere.example", hosts=["elsewhere.example"]),
            "expired": lambda: self.root.issue(HOST, hosts=[HOST], from_days=-30, to_days=-1),
            "future": lambda: self.root.issue(HOST, hosts=[HOST], from_days=1, to_days=30),
            "large": self._large,
        }.get(kind.rstrip("123"), lambda: self.root.issue(HOST, hosts=[HOST]))()
        context = server_context()
        self._made += 1
        context.load_cert_chain(*identity.write(self.folder, f"server{self._made}"))
        trusted = self.other if kind.startswith("refuse") else self.root
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=trusted.pem().decode())
        if kind.endswith("12"):
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        elif kind.endswith("13"):
            context.minimum_version = ssl.TLSVersion.TLSv1_3
        elif kind == "old":
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
            context.set_ciphers("ALL:@SECLEVEL=0")
        return context

    def _large(self):
        padding = [f"{index:03d}.{'x' * 50}.example" for index in range(_LARGE_NAMES)]
        return self.root.issue(HOST, hosts=[HOST, *padding])


@functools.cache
def pki():
    return Pki()


@functools.cache
def context(kind):
    """Shared by all rows of a run."""
    return pki().context(kind)
