"""Boards, firmware and jobs of the FOTA tests."""

import json
import re
import shutil
import tempfile
import time
from pathlib import Path

from aws_iot_tools.board import mpy
from aws_iot_tools.fota import firmware, rollout

from aws_iot.jobs.job import OVER
from tests.harness import ROOT, program
from tests.harness.ministack import ACCOUNT, REGION
from tests.harness.runtimes import Process

_STANDINS = ROOT / "tests" / "harness" / "standins"
APPLICATION = program("system", "fota_app")
_HEAPS = {"cpython": None, "mp64": "256k", "mp32": "112k"}
_PAUSE_S = 0.2  # between two looks at the job, each of which is a call of the local AWS
BUCKET, ROLE = "firmware", "fota-role"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "iot.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def application(version="2.0.0", behaviour="good", more=None, compiled=True) -> bytes:
    """A bundle with this version of fota_app.py, and more files."""
    text = APPLICATION.read_text()
    text = re.sub(r'VERSION = ".*"', f'VERSION = "{version}"', text)
    text = re.sub(r'BEHAVIOUR = ".*"', f'BEHAVIOUR = "{behaviour}"', text)
    files = {"app.mpy": _compiled("app.py", text).read_bytes()} if compiled else {"app.py": text.encode()}
    return firmware.bundle({**files, **(more or {})}, version)


def image(version="2.0.0", behaviour="good", size=65536) -> bytes:
    """An ESP32 image that is large and says which version it is."""
    import random

    body = bytearray(random.Random(size).randbytes(size - 80))
    words = f"firmware {version} {behaviour} ".encode()
    body[: len(words)] = words
    checksum = 0xEF
    for byte in body:
        checksum ^= byte
    head = bytes((0xE9, 1, 2, 0x20)) + bytes(19) + b"\x01"
    data = head + (0x3F400020).to_bytes(4, "little") + len(body).to_bytes(4, "little") + body
    data += bytes(15 - len(data) % 16) + bytes((checksum,))
    import hashlib

    return data + hashlib.sha256(data).digest()


def _compiled(name: str, text: str) -> Path:
    """The .mpy file of a module with this text."""
    with tempfile.TemporaryDirectory() as source:
        Path(source, name).write_text(text)
        return mpy.compile_package(Path(source), Path(tempfile.mkdtemp())) / name.replace(".py", ".mpy")


class Board:
    """A board on one runtime: its flash is a folder, and it starts again whenever its program ends."""

    def __init__(self, runtime, folder: Path, configuration: Path, key: Path | None = None, **settings) -> None:
        self.runtime = runtime
        self.folder = folder
        folder.mkdir(parents=True)
        for file in configuration.parent.iterdir():
            shutil.copy(file, folder)
        self.standins = _STANDINS
        if runtime.bits:  # as boards get it, and as esp32 is there: compiled
            self.standins = mpy.compile_package(_STANDINS)
            shutil.copy(_compiled("app.py", APPLICATION.read_text()), folder)
        else:
            shutil.copy(APPLICATION, folder / "app.py")
        self.heap = settings.pop("heap", _HEAPS[runtime.name])
        self.settings = {
            "kind": "files", "board": "esp32", "trial_s": 60, "attempts": 3, "https": {}, "stream": {},
            "pause_mqtt": None, "zerynth": False, "standins": str(self.standins), "sectors": 64,
            "sleepless": False, "public_key": Path(f"{key}.pub").read_text() if key else None, **settings,
        }  # fmt: skip
        self.write_settings()
        self.events = []
        self.boots = 0
        self.process = None

    def write_settings(self) -> None:
        (self.folder / "board.json").write_text(json.dumps(self.settings))

    def boot(self) -> Process:
        self.boots += 1
        self.process = Process(self.runtime, program("system", "fota_board"), self.folder, heap=self.heap)
        return self.process

    def power_off(self) -> None:
        if self.process:
            self.process.stop()
            self.process.settle(0.01)
            self.events += self.process.events
            self.process = None

    def run(self, done, within_s: float = 120) -> None:
        """Run the board, through its resets, until done() gives something; AssertionError when it takes too long."""
        deadline = time.monotonic() + within_s
        while not (result := done()):
            if time.monotonic() > deadline:
                report = self.process.report() if self.process else ""
                self.power_off()
                raise AssertionError(f"not done after {within_s} s and {self.boots} boots\n{report}")
            if self.process is None:
                self.boot()
            elif self.process.ended:
                self.power_off()
            else:
                self.process.settle(_PAUSE_S)
        return result

    def versions(self) -> list:
        """The versions that booted, in order."""
        return [event["version"] for event in self._heard() if event["event"] == "boot"]

    def told(self, name: str) -> list:
        """What on_event was told under this name."""
        return [event["value"] for event in self._heard() if event["event"] == "fota" and event["name"] == name]

    def _heard(self) -> list:
        if self.process:
            self.process.read_up()
        return self.events + (self.process.events if self.process else [])


class Rollouts:
    """MiniStack as the source of jobs and of files by presigned URLs."""

    def __init__(self, ministack, thing: str, key: Path | None) -> None:
        self.thing, self.key = thing, key
        self.region = REGION
        self.client = ministack.client
        self.iot = ministack.client("iot")
        self._s3, self._iam = ministack.client("s3"), ministack.client("iam")
        if not any(bucket["Name"] == BUCKET for bucket in self._s3.list_buckets()["Buckets"]):
            self._s3.create_bucket(Bucket=BUCKET)
        try:
            self._iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(_TRUST))
        except self._iam.exceptions.EntityAlreadyExistsException:
            pass
        statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._iam.put_role_policy(RoleName=ROLE, PolicyName="read", PolicyDocument=policy)

    def document(
        self, data, version="2.0.0", *, url=None, kind=None, board=None, force=False, sign=True, counter=0, **more
    ):  # fmt: skip
        """Our job document for this firmware."""
        kind = kind or ("image" if data[:1] == b"\xe9" else "files")
        made = firmware.Firmware(data, version, kind, board)
        signature = firmware.sign(made, firmware.read_key(self.key), force, counter) if self.key and sign else None
        return {**firmware.document(made, signature, force, url=url, counter=counter), **more}

    def put(self, name: str, data: bytes) -> str:
        """The URL, for a placeholder, of these bytes in the bucket."""
        self._s3.put_object(Bucket=BUCKET, Key=name, Body=data)
        return rollout.url(self, BUCKET, name)

    def job(self, name: str, document: dict, **options) -> str:
        target = f"arn:aws:iot:{REGION}:{ACCOUNT}:thing/{self.thing}"
        rollout.create_job(self, name, target, document, f"arn:aws:iam::{ACCOUNT}:role/{ROLE}", **options)
        return name

    def update(self, name: str, data: bytes, version="2.0.0", **more) -> str:
        """A job that installs these bytes."""
        url = self.put(name, data)
        return self.job(name, self.document(data, version, url=url, **more))

    def state(self, job: str) -> tuple:
        found = self.iot.describe_job_execution(jobId=job, thingName=self.thing)["execution"]
        return found["status"], found.get("statusDetails", {}).get("detailsMap", {})

    def outcome(self, job: str):
        """(status, details) once the job has ended, else None."""
        state = self.state(job)
        return state if state[0] in OVER else None
