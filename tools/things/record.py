"""The journal of one thing's creation: a folder that exists before anything of the thing does, and goes last.

<thing>/journal.json           how far its creation came
<thing>/private.pem.key        0600, from the moment that the key exists
<thing>/certificate.pem.crt
<thing>/thing.conf.json        mqttid, thingname, cert_arn: what the board will read
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from .. import journal
from ..shapes import Json

_GONE = ".gone-"


class Record:
    """One thing on disk. Values: key ("ec", "rsa"), policy, additions (the second policy), project, requested (epoch
    seconds of AWS's clock at the certificate request), thing_arn, thing_id, cert_arn, done, board (see boards.py),
    attributes (that AWS keeps besides), certificates (ARNs of more of them, to be deleted with it)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self.key_path = folder / "private.pem.key"
        self.certificate_path = folder / "certificate.pem.crt"
        self._journal = folder / "journal.json"
        self._config = folder / "thing.conf.json"
        self._values: Json | None = None

    @property
    def values(self) -> Json:
        if self._values is None:
            self._values = journal.read_json(self._journal) if self._journal.exists() else {}
            if not self._values and self._config.exists():  # made by the original toolchain: its file is the journal
                self._values = {"cert_arn": journal.read_json(self._config).get("cert_arn"), "done": True}
        return self._values

    def get(self, key: str) -> Any:
        return self.values.get(key)

    @property
    def policies(self) -> list[str]:
        """The names of the policies that its certificate has from here."""
        return [name for name in (self.get("policy"), self.get("additions")) if name]

    def set(self, **values: Any) -> None:
        """Record values before anything else is done."""
        document = {**self.values, **values}
        if not self.folder.is_dir():
            self.folder.mkdir(mode=0o700)
            journal.sync(self.folder.parent)
        journal.write_json(self._journal, document)
        self._values = document

    def save_key(self, pem: str | bytes) -> None:
        journal.write(self.key_path, pem, journal.SECRET)

    def save_certificate(self, arn: str, pem: str | bytes) -> None:
        """The ARN first: with it the certificate can be fetched again, or deleted."""
        self.set(cert_arn=arn)
        journal.write(self.certificate_path, pem)

    def finish(self) -> None:
        journal.write_json(self._config, self.config())
        self.set(done=True)

    def config(self) -> Json:
        """The thing's part of thing.conf.json, in the seed's words."""
        return {"mqttid": self.name, "thingname": self.name, "cert_arn": self.get("cert_arn")}

    def remove(self) -> None:
        """Remove the folder: renaming it is what counts, so it is there whole or not at all."""
        gone = self.folder.with_name(f"{_GONE}{self.name}")
        shutil.rmtree(gone, ignore_errors=True)
        self.folder.rename(gone)
        shutil.rmtree(gone)


def sweep(parent: Path) -> None:
    """Finish removals that were cut off."""
    for folder in parent.glob(f"{_GONE}*"):
        shutil.rmtree(folder)
