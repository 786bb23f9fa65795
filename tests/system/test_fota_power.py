"""Power cuts during an update, at two hundred random accesses to the flash for each kind of slot (`make test`: fifty).

Whatever was half written, the board starts the old or the new version, whole, and the job ends with the truth.
"""

import hashlib
import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from aws_iot_tools.board import mpy
from aws_iot_tools.fota import firmware

from tests.harness import power, program
from tests.harness.runtimes import RUNTIMES

from .fota import image

_PROGRAM = program("system", "fota_power")
_FULL = program("system", "fota_full")
_DEVICE = Path(__file__).parent.parent / "device"
_STANDINS = Path(__file__).parent.parent / "harness" / "standins"
_CUTS, _PARTS = 200, 8  # in parts, which run side by side
_BOOTS = 12


def _set(version: str) -> dict:
    sign = version[:1].encode()
    return {"version": version.encode(), "app.mpy": sign * 9000, "lib/part.mpy": sign * 300, "lib/data/x": sign * 5000}


class Flash:
    """The flash of a board, and its job in the cloud."""

    def __init__(self, folder: Path, kind: str, room: int | None = None) -> None:
        self.folder, self.kind = folder, kind
        self._room = [] if room is None else [room]
        folder.mkdir()
        data = firmware.bundle(_set("2.0.0"), "2.0.0") if kind == "files" else image(size=40000)
        (folder / "image").write_bytes(data)
        (folder / "expected.json").write_text(json.dumps({name: len(data) for name, data in _set("2.0.0").items()}))
        document = {
            "operation": "fota", "version": "2.0.0", "size": len(data), "sha256": hashlib.sha256(data).hexdigest(),
            "url": "https://host/image",
        }  # fmt: skip
        (folder / "job.json").write_text(json.dumps({"status": "QUEUED", "document": document}))

    def boot(self, cut: int) -> tuple:
        """One life of the board: its events, and whether the power failed."""
        runtime = RUNTIMES["mp32"]
        done = subprocess.run(
            runtime.command(
                _PROGRAM, self.folder, self.kind, cut, mpy.compile_package(_STANDINS), *self._room, heap="112k"
            ),
            env=runtime.environment(), capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        if done.returncode not in (0, 1, -9, 137) or "Traceback" in done.stderr:
            raise AssertionError(f"cut {cut}: status {done.returncode}\n{done.stdout}{done.stderr}")
        events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return events, done.returncode in (-9, 137)

    @property
    def job(self) -> dict:
        return json.loads((self.folder / "job.json").read_text())


def _live(flash: Flash, cuts: list) -> None:
    """Boot until the job has ended and the board runs on undisturbed; each boot is of the old or the new version."""
    versions = []
    for _ in range(_BOOTS):
        events, failed = flash.boot(cuts.pop(0) if cuts else 0)
        versions += [event["version"] for event in events if event["event"] == "boot"]
        ended = [event for event in events if event["event"] == "end"]
        if ended and not failed:
            break
    else:
        raise AssertionError(f"{_BOOTS} boots: {versions}")
    events, _ = flash.boot(0)
    final = next(event["version"] for event in events if event["event"] == "boot")
    assert set(versions) <= {"1.0.0", "2.0.0"}
    assert (flash.job["status"], final) in (("SUCCEEDED", "2.0.0"), ("FAILED", "1.0.0")), (versions, flash.job)


@pytest.mark.parametrize("part", power.parts(_PARTS, 2))
@pytest.mark.parametrize("kind", ["files", "image"])
def test_power_cut_anywhere_leaves_the_old_or_the_new_version_and_a_true_job(tmp_path, kind, part):
    whole = Flash(tmp_path / "whole", kind)
    steps = []
    while whole.job["status"] in ("QUEUED", "IN_PROGRESS"):
        events, _ = whole.boot(0)
        steps.append(next(event["steps"] for event in events if event["event"] == "steps"))
    assert whole.job["status"] == "SUCCEEDED"
    chance = random.Random(part)
    for number in range(_CUTS // _PARTS):
        flash = Flash(tmp_path / str(number), kind)
        # one cut anywhere in the update; in every third life of a board another one soon after
        cuts = [chance.randint(1, steps[0])]
        if chance.random() < 0.3:
            cuts.append(chance.randint(1, max(steps)))
        if chance.random() < 0.2:
            cuts = [0, chance.randint(1, steps[1])]  # in the first start of the new version
        _live(flash, cuts)
        shutil.rmtree(flash.folder)


@pytest.mark.parametrize("kind, rooms", [("files", range(0, 22, 3)), ("image", (0, 1))])
def test_full_file_system_fails_the_job_or_is_enough(tmp_path, kind, rooms):
    """However few blocks other files leave, down to none: no half-written set, no lost job, no crash."""
    outcomes = []
    for room in rooms:
        flash = Flash(tmp_path / str(room), kind, room)
        _live(flash, [])
        outcomes.append((flash.job["status"], flash.job["details"].get("reason")))
    full, enough = ("FAILED", "no space for the image"), ("SUCCEEDED", None)
    # an image needs room for its record only, which LittleFS keeps in the folder's own block
    assert outcomes == ([full] * 6 + [enough] * 2 if kind == "files" else [enough] * 2)


@pytest.mark.runtimes("mp64", "mp32")
@pytest.mark.parametrize("what", ["file", "files"])
def test_version_that_fills_the_flash_is_undone(runtime, what):
    done = subprocess.run(
        runtime.command(_FULL, _DEVICE, what, heap="1m"),
        env=runtime.environment(), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert not done.returncode, done.stderr
    *raised, told = done.stdout.splitlines()  # the traceback of each version that raised, and what came of it
    assert "Traceback (most recent call last):" in raised
    told = json.loads(told)
    if what == "file":
        assert told == {"lives": 3 * ["reset"] + 2 * ["old"], "undone": "not confirmed in 3 boots"}
    else:  # no room is left even for counting the second start
        assert told == {"lives": ["reset"] + 4 * ["old"], "undone": "no space on the flash"}
