"""A megabyte over the air into a heap of 64 KB on 32-bit MicroPython: by a stream, and by verified HTTPS from AWS's
hosts, which share the connection's TLS context, and from another server.

Jobs are MiniStack's, through Mosquitto, since MiniStack refuses what plays file delivery on its reserved topics.
"""

import random
import re
import tempfile
import time
from pathlib import Path

import pytest
from aws_iot_tools.board import mpy
from aws_iot_tools.fota import firmware

from tests.harness import frozen, program, umqtt_versions
from tests.harness.observer import Observer
from tests.harness.runtimes import Process, Runtime

from .conftest import mosquitto_site
from .files import Files
from .fota import Rollouts
from .streams import Streams

_DEVICE = program("system", "fota_small")
_MEGABYTE = 1 << 20
_S3 = "firmware.s3.eu-west-1.amazonaws.com"  # fota_small.py finds it here


class _Board(Runtime):
    """32-bit MicroPython with the library at a path as short as a board's: the path of each file stays in the heap."""

    def __init__(self, lib: str) -> None:
        super().__init__("mp32")
        self._lib = Path(lib)

    def environment(self, form: str = "mpy", extra_paths: tuple = ()) -> dict:
        found = super().environment(form, extra_paths)
        (self._lib / "aws_iot").symlink_to(mpy.FOLDER / "aws_iot")
        (self._lib / "umqtt").symlink_to(umqtt_versions.folder(self.umqtt_version, form) / "umqtt")
        return {**found, "MICROPYPATH": f":{self._lib}:.frozen"}


class Update:
    """One update of a megabyte on a board with this heap: how long the download took, and the most that was in use.

    `left`: the free heap that the program leaves to its end, which may be too little: then it ends with a reason.
    """

    def __init__(self, ministack, broker, folder, way, name, heap, buffer_bytes, block_bytes=1024, left=None) -> None:
        self.left = left
        key, _ = firmware.new_key(folder / "firmware.key")
        ministack.client("iot").create_thing(thingName=name)
        self.folder = mosquitto_site(broker).project(folder, name).parent
        (self.folder / "firmware.pub").write_bytes((folder / "firmware.key.pub").read_bytes())
        self.data = firmware.bundle({"app.bin": random.Random(1).randbytes(_MEGABYTE)}, "2.0.0", "esp32")
        self.rollouts = Rollouts(ministack, name, key)
        if way == "stream":
            with Observer(broker.plain_port, client_id=f"{name}-streams") as observer:
                Streams(observer).files["fota"] = {0: self.data}
                document = self.rollouts.document(self.data, board="esp32", stream="fota", file=0)
                self._run(document, name, heap, buffer_bytes, block_bytes)
        else:
            host = _S3 if way == "https" else "localhost"
            if way == "server":
                (self.folder / "server.pem").write_bytes(broker.authority.pem())
            with Files(broker.authority.issue("files", hosts=(host,)), folder) as files:
                files.content["/firmware"] = self.data
                document = self.rollouts.document(self.data, board="esp32")
                document["url"] = f"https://{host}:{files.port}/firmware"
                self._run(document, name, heap, buffer_bytes, block_bytes)

    def _run(self, document: dict, name: str, heap: str, buffer_bytes: int, block_bytes: int) -> None:
        job = self.rollouts.job(name, document)
        words = [self.folder, buffer_bytes, block_bytes, *([self.left] if self.left else [])]
        with (
            tempfile.TemporaryDirectory(prefix="", dir="/tmp") as lib,
            Process(_Board(lib), _DEVICE, *words, heap=heap) as process,
        ):
            process.expect("erase", value="done", timeout_s=150)
            begun = time.monotonic()
            # what on_error is told has no heap: it may cost a packet or an attempt, and not the update
            end = process.expect_that(lambda event: event["event"] in ("done", "error") and "heap" in event, 150, "end")
            if self.left:
                if end["event"] == "error":
                    deadline = time.monotonic() + 60
                    while not (outcome := self.rollouts.outcome(job)):
                        assert time.monotonic() < deadline, process.report()
                        process.settle(0.2)
                    assert outcome == ("FAILED", {"reason": end["value"]})
                return
            assert end["event"] == "done", f"{process.report()}\n{self.rollouts.state(job)}"
            self.seconds = time.monotonic() - begun
            process.wait()
            # MicroPython's names stay, also those of a file that is gone
            self.names = int(re.search(r"n_qstr=(\d+)", str(process.events))[1])
            self.peak_bytes = max(event["heap"] for event in process.events if "heap" in event)
        assert self.rollouts.state(job)[1]["progress"] == "100"


@pytest.mark.timeout(240)
@pytest.mark.parametrize("way", ["https", "server", "stream"])
def test_megabyte_comes_into_a_heap_of_64_kb(ministack, bridge, tmp_path, way):
    update = Update(ministack, bridge, tmp_path, way, f"megabyte-{way}", frozen.heap(64), 2048, 384)
    assert (update.folder / "fota/a/app.bin").read_bytes() in update.data
    # the step is at 620, and takes 4.5 KB in one piece; what a lost connection loads has its names, too
    assert update.names <= 606 + frozen.names()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("left", [1000, 1])
def test_update_that_finds_no_memory_ends_all_the_same(ministack, bridge, tmp_path, left):
    Update(ministack, bridge, tmp_path, "stream", f"no-memory-{left}", "112k", 2048, 384, left)
