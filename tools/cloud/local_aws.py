"""MiniStack as the local AWS: one process whose data stays in a folder, with policies enforced.

The folder holds cloud.json (where it listens, its process id), state/, s3/, ca.pem and the logs.
"""

from __future__ import annotations

import getpass
import importlib.util
import json
import os
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import journal
from ..errors import ToolError
from . import mosquitto, processes

if TYPE_CHECKING:
    from .aws import Aws

CA_FILE = "cloud-ca.pem"  # its name in a project
FOLDER = ".aws_local"  # its data's folder in a project
_START_S = 30
_HTTP_PORT, _MQTT_PORT = 4566, 8883
_VARIABLE = "THING_CLOUD"


class Cloud:
    """Where a local AWS is: url for the APIs; mqtt_host, mqtt_port and ca (PEM text) for things."""

    def __init__(
        self,
        folder: Path | None,
        url: str,
        mqtt_host: str,
        mqtt_port: int,
        ca: str,
        region: str = "us-east-1",
        pids: Iterable[int] = (),
    ) -> None:
        self.folder: Any = folder  # None: it was not started from here
        self.url = url
        self.mqtt_host = mqtt_host
        self.mqtt_port = mqtt_port
        self.ca = ca
        self.region = region
        self.pids = list(pids)

    @classmethod
    def load(cls, folder: str | Path) -> Cloud | None:
        """The cloud that was started in a folder, or None."""
        path = Path(folder) / "cloud.json"
        return cls(Path(folder), **journal.read_json(path)) if path.exists() else None

    def save(self) -> None:
        values = {key: value for key, value in vars(self).items() if key != "folder"}
        journal.write_json(self.folder / "cloud.json", values)

    @property
    def running(self) -> bool:
        return bool(self.pids) and all(map(processes.alive, self.pids)) and bool(_get(f"{self.url}/_ministack/health"))

    @property
    def enforces(self) -> bool:
        """Whether policies are enforced where things connect: a Mosquitto in front lets every thing do everything."""
        return len(self.pids) < 2

    def environment(self) -> dict[str, str]:
        """What aws, boto3 and the commands need to use it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": self.region,
            _VARIABLE: str(self.folder.resolve()),
        }


def up(
    folder: Path,
    region: str = "us-east-1",
    port: int | None = None,
    mqtt_port: int | None = None,
    with_mosquitto: bool = False,
) -> Cloud:
    """Start the local AWS of a folder unless it runs; -> Cloud. A busy default port is replaced by a free one."""
    if importlib.util.find_spec("ministack") is None:
        raise ToolError("the local AWS is not installed: pip install ministack")
    if sys.version_info < (3, 11):
        raise ToolError("the local AWS needs Python 3.11: on 3.10 no TLS handshake with MiniStack 1.5 comes to an end")
    # One at a time: what starts meanwhile would see the same ports free, and MiniStack shares a port that is taken.
    with journal.lock(Path(tempfile.gettempdir()) / f"thing-cloud-{getpass.getuser()}.lock", wait=True):
        cloud = Cloud.load(folder)
        if cloud and cloud.running:
            return cloud
        folder.mkdir(parents=True, exist_ok=True)
        cloud = _start(
            folder, region, _port(port, _HTTP_PORT), _port(None if with_mosquitto else mqtt_port, _MQTT_PORT)
        )
        if with_mosquitto:
            front = mosquitto.start(cloud, _port(mqtt_port, _MQTT_PORT))
            cloud.mqtt_host, cloud.mqtt_port, cloud.ca = front.host, front.port, front.ca
            cloud.pids.insert(0, front.pid)
            cloud.save()
    return cloud


def _start(folder: Path, region: str, port: int, mqtt_port: int) -> Cloud:
    log = folder / "ministack.log"
    process = processes.start([sys.executable, "-m", "ministack"], log, _settings(folder, region, port, mqtt_port))
    url = f"http://127.0.0.1:{port}"
    processes.wait_until(lambda: _ready(url), process, log, _START_S, "MiniStack")
    ca = _get(f"{url}/_ministack/iot/ca.pem").decode()
    cloud = Cloud(folder, url, "localhost", mqtt_port, ca, region, [process.pid])
    cloud.save()
    return cloud


def down(folder: Path) -> bool:
    """Stop the local AWS of a folder; its data stays. -> False when none was running."""
    cloud = Cloud.load(folder)
    if cloud is None:
        return False
    was_running = cloud.running
    for pid in cloud.pids if was_running else ():
        processes.stop(pid)
    cloud.pids = []
    cloud.save()
    return was_running


def serving(aws: Aws) -> Cloud | None:
    """The Cloud that answers the calls of this Aws, or None when that is AWS itself."""
    host = urllib.parse.urlparse(aws.url).hostname or ""
    if host.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return None
    cloud = Cloud.load(os.environ[_VARIABLE]) if os.environ.get(_VARIABLE) else None
    if cloud and cloud.url == aws.url:
        return cloud
    ca = _get(f"{aws.url}/_ministack/iot/ca.pem")
    if not ca:
        return None
    port = int(os.environ.get("IOT_MTLS_PORT") or _MQTT_PORT)  # MiniStack's own variable and default
    return Cloud(None, aws.url, "localhost" if host == "127.0.0.1" else host, port, ca.decode(), aws.region)


def _settings(folder: Path, region: str, port: int, mqtt_port: int) -> dict[str, str]:
    state, objects = folder.resolve() / "state", folder.resolve() / "s3"
    return {
        "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "IOT_MTLS_PORT": str(mqtt_port),
        "MINISTACK_HOST": "localhost", "MINISTACK_REGION": region, "AUTH": "true",
        "PERSIST_STATE": "1", "STATE_DIR": str(state), "S3_PERSIST": "1", "S3_DATA_DIR": str(objects),
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
    }  # fmt: skip


def _port(wanted: int | None, default: int) -> int:
    if wanted and processes.answers(wanted):
        raise ToolError(f"port {wanted} is taken: name another one")
    return wanted or processes.free_port(default)


def _ready(url: str) -> bool:
    answer = _get(f"{url}/_ministack/ready")
    return bool(answer) and json.loads(answer).get("iot_mtls") == "listening"


def _get(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read()
    except (urllib.error.URLError, OSError):
        return b""
