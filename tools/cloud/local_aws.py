"""MiniStack as the local AWS: one process (server.py) whose data stays in a folder, with policies enforced.

The folder holds cloud.json (where it listens), running.json (while it runs), the CA, state/, s3/ and the logs; all of
it is for its owner alone.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import journal, state
from ..errors import ToolError
from ..shapes import Say
from . import mosquitto, processes

if TYPE_CHECKING:
    from .aws import Aws

CA_FILE = "cloud-ca.pem"  # its name in a project
FOLDER = ".aws_local"  # its data's folder in a project
_START_S = 180  # a busy machine takes long; what ends by itself is told at once
_STILL_S = 5
_HTTP_PORT, _MQTT_PORT, _HTTPS_PORT = 4566, 8883, 8443
_VARIABLE = "THING_CLOUD"
STREAMS = "streams"  # in its data's folder, that of streams.py and of the table of streams
_CA_PATH = "/_ministack/iot/ca.pem"
# Variables of the user's shell that would make another thing of it: MiniStack's own, and AWS's credentials.
_NOT_INHERITED = ("AWS_", "IOT_", "MINISTACK_", "GATEWAY_", "USE_SSL", "S3_", "STATE_DIR", "PERSIST_")


class Damaged(ToolError):
    """What was written down of where a local AWS is cannot be read."""


class Cloud:
    """Where a local AWS is: url for the APIs; mqtt_host, mqtt_port and ca (PEM text) for things, https_port (by
    certificate) and sigv4_port (by AWS keys) for those behind another door. front: None when it serves this computer,
    "lan" when it serves boards on the network, "mosquitto" when a Mosquitto does that."""

    def __init__(
        self,
        folder: Path | None,
        url: str,
        mqtt_host: str,
        mqtt_port: int,
        ca: str,
        region: str = "us-east-1",
        front: str | None = None,
        https_port: int | None = None,
        sigv4_port: int | None = None,
    ) -> None:
        self.folder: Any = folder  # None: it was not started from here
        self.url = url
        self.mqtt_host = mqtt_host
        self.mqtt_port = mqtt_port
        self.ca = ca
        self.region = region
        self.front = front
        self.https_port = https_port
        self.sigv4_port = sigv4_port

    @classmethod
    def load(cls, folder: str | Path) -> Cloud | None:
        """The cloud that was started in a folder, or None; Damaged when what was written down of it cannot be read."""
        path = Path(folder) / "cloud.json"
        if not path.exists():
            return None
        ca = Path(folder) / "ca.pem"
        text = ca.read_text(encoding="utf-8") if ca.exists() else ""
        try:
            return cls(Path(folder), ca=text, **journal.read_json(path))
        except (TypeError, ToolError) as error:
            raise Damaged(
                f"{path} is damaged, or of another version of `thing`: `thing cloud up` writes it anew, its data stays"
            ) from error

    def save(self) -> None:
        values = {key: value for key, value in vars(self).items() if key not in ("folder", "ca")}
        journal.write_json(self.folder / "cloud.json", values, journal.SECRET)

    @property
    def enforces(self) -> bool:
        """Whether policies are enforced where things connect: a Mosquitto in front lets every thing do everything."""
        return self.front != "mosquitto"

    @property
    def ports(self) -> dict[str, int]:
        """Those of the doors beside MQTT's, where things connect: none behind a Mosquitto, or where another MiniStack
        is used."""
        if self.front == "mosquitto" or not (self.https_port and self.sigv4_port):
            return {}
        return {"wss": self.sigv4_port, "https": self.https_port, "https-sigv4": self.sigv4_port}

    def environment(self) -> dict[str, str]:
        """What aws, boto3 and the commands need to use it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": self.region,  # boto3 and the AWS CLI 1 read this one,
            "AWS_REGION": self.region,  # the AWS CLI 2 and the SDKs of other languages this one
            _VARIABLE: str(self.folder.resolve()),
        }


class Wanted:
    """What a start is asked for; a None takes what there was before, or the default."""

    def __init__(
        self,
        region: str | None = None,
        port: int | None = None,
        mqtt_port: int | None = None,
        front: str | None = None,
        address: str | None = None,
        https_port: int | None = None,
        sigv4_port: int | None = None,
    ) -> None:
        self.region, self.front, self.address = region, front, address
        self.port, self.mqtt_port, self.https_port, self.sigv4_port = port, mqtt_port, https_port, sigv4_port

    def check(self, cloud: Cloud) -> None:
        """ToolError when a running one is something else."""
        port = urllib.parse.urlparse(cloud.url).port
        pairs = {
            "--region": (self.region, cloud.region),
            "--port": (self.port, port),
            "--mqtt-port": (self.mqtt_port, cloud.mqtt_port),
            "--https-port": (self.https_port, cloud.https_port),
            "--sigv4-port": (self.sigv4_port, cloud.sigv4_port),
            "--address": (self.address, cloud.mqtt_host),
            f"--{self.front}": (self.front, cloud.front),
        }
        others = [option for option, (wanted, is_) in pairs.items() if wanted is not None and wanted != is_]
        if others:
            raise ToolError(f"it runs already, without this {' and '.join(others)}: `thing cloud down` first")


def up(folder: Path, wanted: Wanted, say: Say) -> Cloud:
    """Start what does not run of the local AWS of a folder; -> Cloud. Ports stay those of the last time; at first, a
    busy default port is replaced by a free one."""
    if sys.version_info < (3, 11):
        raise ToolError("the local AWS needs Python 3.11: on 3.10 no TLS handshake with MiniStack 1.5 comes to an end")
    if importlib.util.find_spec("ministack") is None:
        raise ToolError(
            "the local AWS is not installed: it is the extra `cloud`: install 'micropython-aws-iot[cloud]', "
            "in a checkout '.[cloud]', with what installed this (pip, pipx, uv tool)"
        )
    # One at a time: what starts meanwhile would see the same ports free, and MiniStack shares a port that is taken.
    with journal.lock(state.folder() / "cloud.lock", wait=True):
        old = _last(folder, say)
        if old and processes.running(folder) and (processes.noted(folder) or {}).get("ready"):
            wanted.check(old)
            if old.front == "mosquitto":
                _start_front(old, say)
            return old
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        if not down(folder) and processes.noted(folder):
            say("the local AWS had not ended by `thing cloud down`: what changed in its last second may be lost")
        if old and old.front and not wanted.front:
            say(f"it serves this computer alone now, not the network as before (--{old.front})")
        cloud = _planned(folder, wanted, old)
        try:
            _start(cloud, say)
        except ToolError:
            again = _planned(folder, wanted, old)
            if _all_ports(again) == _all_ports(cloud):
                raise
            cloud = again  # somebody, of another user perhaps, has taken a port meanwhile
            _start(cloud, say)
        if cloud.front == "mosquitto":
            _start_front(cloud)
    return cloud


def _last(folder: Path, say: Say) -> Cloud | None:
    """Where it was the last time; what cannot be read of that is set aside, and what runs is ended."""
    try:
        return Cloud.load(folder)
    except Damaged:
        down(folder)
        aside = folder / "cloud.json.damaged"
        (folder / "cloud.json").replace(aside)
        say(f"where it was the last time cannot be read ({aside} now): its ports may be others than before")
        return None


def _planned(folder: Path, wanted: Wanted, old: Cloud | None) -> Cloud:
    """Where it is to listen; ToolError when that is taken."""
    http = _port(wanted.port, urllib.parse.urlparse(old.url).port if old else None, _HTTP_PORT, "--port")
    mqtt = _port(wanted.mqtt_port, old.mqtt_port if old else None, _MQTT_PORT, "--mqtt-port")
    https = _port(wanted.https_port, old.https_port if old else None, _HTTPS_PORT, "--https-port")
    sigv4 = _port(wanted.sigv4_port, old.sigv4_port if old else None, https + 1, "--sigv4-port")
    if len({http, mqtt, https, sigv4}) < 4:
        raise ToolError(f"four servers need four ports, not {http}, {mqtt}, {https} and {sigv4}: name others")
    region = wanted.region or (old.region if old else "us-east-1")
    addresses = [wanted.address] if wanted.address else mosquitto.lan_addresses()
    if wanted.front == "lan" and not addresses:
        raise ToolError("this computer has no address on a network: join one, or name it with --address")
    host = addresses[0] if wanted.front and addresses else "localhost"
    return Cloud(folder, f"http://127.0.0.1:{http}", host, mqtt, "", region, wanted.front, https, sigv4)


def _all_ports(cloud: Cloud) -> tuple[Any, ...]:
    return cloud.url, cloud.mqtt_port, cloud.https_port, cloud.sigv4_port


def _start(cloud: Cloud, say: Say) -> None:
    cloud.save()
    folder, log = cloud.folder, cloud.folder / "ministack.log"
    mqtt_port = cloud.mqtt_port
    if cloud.front == "mosquitto":  # which has that port
        mqtt_port = processes.free_port(max(mqtt_port, cloud.https_port or 0, cloud.sigv4_port or 0) + 1)
    port = urllib.parse.urlparse(cloud.url).port
    command = [sys.executable, "-P", "-m", "aws_iot_tools.cloud.server", folder.resolve()]
    command += ["--region", cloud.region, "--port", port, "--mqtt-port", mqtt_port]
    command += ["--https-port", cloud.https_port, "--sigv4-port", cloud.sigv4_port]
    if cloud.front == "lan":
        command += ["--address", cloud.mqtt_host]
    if cloud.front == "mosquitto":
        (folder / STREAMS).mkdir(mode=0o700, exist_ok=True)
        command += ["--streams", folder.resolve() / STREAMS / "streams.json"]
    (folder / processes.RUNNING).unlink(missing_ok=True)
    process = processes.start(list(map(str, command)), log, folder, _environment(cloud, mqtt_port))

    def ready() -> bool:
        return bool((processes.noted(folder) or {}).get("ready"))

    processes.wait_until(ready, process, log, _START_S, "MiniStack", _once(say))
    for note in (processes.noted(folder) or {}).get("notes", ()):
        say(note)
    cloud.ca = (folder / "ca.pem").read_text(encoding="utf-8")


def _once(say: Say) -> Callable[[float], None]:
    """Tells once that a start takes long."""
    told: list[bool] = []

    def waiting(seconds: float) -> None:
        if seconds > _STILL_S and not told:
            told.append(True)
            say("MiniStack is still starting ...")

    return waiting


def _start_front(cloud: Cloud, say: Say | None = None) -> None:
    """Start what does not run of Mosquitto and of what delivers streams behind it; say that it had ended, if it ran."""
    parts = {"Mosquitto": (mosquitto.FOLDER, _start_mosquitto), "what delivers streams": (STREAMS, _start_streams)}
    for name, (part, start) in parts.items():
        if not processes.running(cloud.folder / part):
            if say:
                say(f"{name} had ended; it is started again")
            start(cloud)


def _start_streams(cloud: Cloud) -> None:
    folder, log = cloud.folder.resolve(), cloud.folder / f"{STREAMS}.log"
    command = [sys.executable, "-P", "-m", "aws_iot_tools.cloud.streams", str(folder)]
    environment = {**_own_variables(), **cloud.environment()}
    (folder / STREAMS / processes.RUNNING).unlink(missing_ok=True)
    process = processes.start(command, log, folder / STREAMS, environment)
    processes.wait_until(lambda: processes.noted(folder / STREAMS), process, log, _START_S, "what delivers streams")


def _start_mosquitto(cloud: Cloud) -> None:
    upstream = int((processes.noted(cloud.folder) or {})["mqtt_port"])
    addresses = list(dict.fromkeys([cloud.mqtt_host, *mosquitto.lan_addresses()]))
    mosquitto.start(cloud, cloud.mqtt_port, upstream, [each for each in addresses if each != "localhost"])


def down(folder: Path) -> bool:
    """Stop the local AWS of a folder; its data stays. -> False when none was running."""
    for part in (STREAMS, mosquitto.FOLDER):
        processes.stop(folder / part)
    return processes.stop(folder)


def nearest(folder: Path) -> tuple[Path | None, Cloud | None]:
    """The data of the local AWS of a folder or of one above it, if it is this user's own, and the Cloud if it runs."""
    data = nearest_running(folder)
    return (data, Cloud.load(data)) if data else (next(state.above(folder, FOLDER), None), None)


def nearest_running(folder: Path) -> Path | None:
    """The data of the local AWS that runs for a folder: its own, or that of one above it."""
    return processes.nearest(folder, FOLDER)


def identity(aws: Aws) -> str | None:
    """The digest of the CA that a local AWS has for ever, by which it is known from others; None for AWS itself."""
    ca = b"" if _is_aws(aws) else _get(f"{aws.url}{_CA_PATH}")
    return hashlib.sha256(ca).hexdigest() if ca else None


def _is_aws(aws: Aws) -> bool:
    host = urllib.parse.urlparse(aws.url).hostname or ""
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))


def serving(aws: Aws) -> Cloud | None:
    """The Cloud that answers the calls of this Aws, or None when that is AWS itself."""
    if _is_aws(aws):
        return None
    host = urllib.parse.urlparse(aws.url).hostname
    cloud = Cloud.load(os.environ[_VARIABLE]) if os.environ.get(_VARIABLE) else None
    if cloud and cloud.url == aws.url:
        return cloud
    ca = _get(f"{aws.url}{_CA_PATH}")
    if not ca:
        return None
    port = int(os.environ.get("IOT_MTLS_PORT") or _MQTT_PORT)  # MiniStack's own variable and default
    return Cloud(None, aws.url, "localhost" if host in (None, "127.0.0.1") else host, port, ca.decode(), aws.region)


def _environment(cloud: Cloud, mqtt_port: int) -> dict[str, str]:
    folder = cloud.folder.resolve()
    temporary = folder / "tmp"
    temporary.mkdir(mode=0o700, exist_ok=True)
    return {
        **_own_variables(),
        "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(urllib.parse.urlparse(cloud.url).port),
        "IOT_MTLS_PORT": str(mqtt_port), "MINISTACK_HOST": "localhost", "MINISTACK_REGION": cloud.region,
        "AUTH": "true", "PERSIST_STATE": "1", "STATE_DIR": str(folder / "state"), "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder / "s3"), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "TMPDIR": str(temporary),
        "DOCKER_HOST": f"unix://{temporary}/none",  # else it ends the containers of each MiniStack on this computer
    }  # fmt: skip


def _own_variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}


def _port(wanted: int | None, last: int | None, default: int, option: str) -> int:
    if wanted and processes.answers(wanted):
        raise ToolError(f"port {wanted} is taken: name another one")
    if not wanted and last and processes.stays(last):
        raise ToolError(
            f"port {last}, where the local AWS of this folder was, is taken by another program: end that, "
            f"or name another port with {option} (projects and boards know the old one)"
        )
    return wanted or last or processes.free_port(default)


def _get(url: str) -> bytes:
    try:
        with _LOCAL.open(url, timeout=5) as answer:
            content: bytes = answer.read()
            return content
    except (urllib.error.URLError, OSError):
        return b""


_LOCAL = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # what is here needs no proxy
