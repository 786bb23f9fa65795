"""How fast a megabyte comes over the air, and into how much heap.

Prints a markdown table: python -m tests.benchmarks.fota_download
"""

import tempfile
from pathlib import Path

from tests.harness.certificates import Authority
from tests.harness.ministack import MiniStack
from tests.harness.mosquitto import Mosquitto
from tests.harness.project import write_project
from tests.system.test_fota_memory import Update

_EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}
_RUNS = (
    ("https", "64k", 2048, 1024), ("https", "112k", 4096, 1024),
    ("stream", "64k", 2048, 384), ("stream", "112k", 4096, 1024),
)  # fmt: skip


def rows() -> list:
    """(way, heap, buffer, seconds, most bytes in use) for each run, on 32-bit MicroPython and loopback."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "cloud").mkdir()
        (folder / "broker").mkdir()
        cloud = MiniStack(folder / "cloud").start()
        broker = Mosquitto(folder / "broker", Authority(), "1.2")
        try:
            bridge = cloud.make_thing("bridge", _EVERYTHING)
            write_project(folder / "bridge", "bridge", 0, bridge.certificate, bridge.key, cloud.ca)
            files = [folder / "bridge" / file for file in ("ca.pem", "certificate.pem.crt", "private.pem.key")]
            broker.bridge("cloud", f"127.0.0.1:{cloud.port}", *files, "bridge")
            broker.start()
            for way, heap, buffer_bytes, block_bytes in _RUNS:
                place = folder / f"{way}-{heap}"
                place.mkdir()
                update = Update(cloud, broker, place, way, f"{way}-{heap}", heap, buffer_bytes, block_bytes)
                found.append((way, heap, buffer_bytes, update.seconds, update.peak_bytes))
        finally:
            broker.stop()
            cloud.stop()
    return found


def main() -> None:
    print("## Firmware over the air\n")
    print("A megabyte of application files into a FileSlot, signed, 32-bit MicroPython, loop-back. Streams come over")
    print("the MQTT connection, from a stand-in for AWS's file delivery; HTTPS from the harness, verified.\n")
    print("| way | heap | buffer, B | 1 MB in, s | KB/s | heap in use, B |")
    print("|---|---|---|---|---|---|")
    for way, heap, buffer_bytes, seconds, used in rows():
        print(f"| {way} | {heap} | {buffer_bytes} | {seconds:.1f} | {1024 / seconds:.0f} | {used} |")


if __name__ == "__main__":
    main()
