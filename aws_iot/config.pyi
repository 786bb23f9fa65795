"""thing.conf.json, certificate and key, as ``thing flash`` puts them on a board."""

from collections.abc import Container

def load(path: str = "thing.conf.json") -> tuple[str, str, bytes, bytes]:
    """(endpoint, client id, certificate, key) from ``path`` and the files beside it: Zerynth's call.

    ValueError names the file, key or field that is missing or broken.
    """

def read(path: str, options: Container[str] = ()) -> dict:
    """The configuration as a dict, its fields checked. Under certificate, key and, where given, ca are the contents of
    the files that are named there; unless named, those are certificate.pem.crt and private.pem.key, which a door by
    keys needs only to fetch them. What is in ``options`` is not read.
    """
