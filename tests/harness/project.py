"""A thing's project folder, as a user has it: thing.conf.json, certificate and key beside it."""

import json
from pathlib import Path


def write_project(
    folder: Path, name: str, port: int, certificate, key, ca, *, endpoint: str = "localhost", thingname=None
) -> Path:
    """Write the files that Thing.from_config() reads and return the path of thing.conf.json."""
    folder.mkdir(parents=True, exist_ok=True)
    configuration = {
        "endpoint": endpoint,
        "port": port,
        "mqttid": name,
        "thingname": thingname or name,
        "cacert": "ca.pem",
    }
    (folder / "thing.conf.json").write_text(json.dumps(configuration))
    for file, content in (("certificate.pem.crt", certificate), ("private.pem.key", key), ("ca.pem", ca)):
        (folder / file).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder / "thing.conf.json"
