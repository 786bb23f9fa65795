"""`make demo`: a 32-bit MicroPython with an ESP32-sized heap is a Thing, and the cloud changes its desired state.

The cloud is MiniStack with policies enforced, driven through boto3; the device runs examples/publish_period. With
`make demo DOOR=wss`, https or https-sigv4, it is the one of `thing cloud up`, and the device goes in by that door. With
`make demo RECORD=docs/demo.svg` what it prints becomes that picture.
"""

import argparse
import contextlib
import io
import json
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from . import ROOT, local_aws
from .ministack import MiniStack
from .observer import Observer
from .project import write_project
from .relay import Relay
from .runtimes import RUNTIMES, Process

_HEAP = "112k"  # what an ESP32 without PSRAM has once its heap has grown
_THING = "demo-thing"
_PERIODS_MS = (1500, 800, 400)
_WHILE_CUT_MS = 250
_LAST_MS = 1000
_CUT_S = 2
_DWELL_S = 1.6  # between changes: long enough for a sample at the longest period
_PATIENCE_S = 40


class Demo:
    """The cloud's, the link's and the device's side of the demo, and the timeline that it prints."""

    def __init__(self, folder: Path, door: str | None) -> None:
        self._start = time.monotonic()
        self._folder, self._door = folder, door
        self._cloud = local_aws.LocalAws(folder) if door else MiniStack(folder)
        self._name = local_aws.THING if door else _THING
        self._round_trips_ms = []
        self._wanted = []
        self._reported = []

    def say(self, who: str, text: str) -> None:
        print(f"{time.monotonic() - self._start:8.3f} s  {who:7} {text}", flush=True)

    def run(self) -> bool:
        self.say("local", "starting an AWS of your own: MiniStack, IoT policies enforced")
        try:
            self._cloud.start()
            self._shadows = self._cloud.client("iot-data")
            project, port = self._made()
            self.say("cloud", f"made thing, certificate and least-privilege policy of {self._name}")
            with self._watch() as self._watcher, Relay(port) as self._link:
                way = self._lead(project)
                self.say("local", f"starting examples/publish_period on 32-bit MicroPython, {_HEAP} heap, {way}")
                script = ROOT / "examples" / "publish_period" / "main.py"
                with Process(RUNTIMES["mp32"], script, heap=_HEAP, cwd=project) as self._device:
                    self._scenes()
                    return self._summary()
        finally:
            self._cloud.stop()

    def _made(self) -> tuple[Path, int]:
        """A thing: its project's folder, and the port that it is to connect to."""
        if self._door:
            project = self._cloud.project(self._door)
            return project, self._cloud.configure(project, self._door)
        thing, project = self._cloud.make_thing(_THING), self._folder / "thing"
        write_project(project, _THING, self._cloud.port, thing.certificate, thing.key, self._cloud.ca)
        return project, self._cloud.port

    def _lead(self, project: Path) -> str:
        """Have the thing connect over the link; -> by which way."""
        if self._door:
            self._cloud.configure(project, self._door, self._link.port)
            return f"door {self._door}"
        path = project / "thing.conf.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "port": self._link.port}))
        return "mutual TLS"

    def _watch(self) -> Observer:
        """A program in the cloud that sees each document of the shadow and each sample."""
        everything = {"Effect": "Allow", "Action": "iot:*", "Resource": "*"}
        watcher = self._cloud.make_thing("watcher", {"Version": "2012-10-17", "Statement": [everything]})
        write_project(self._folder / "watcher", "watcher", 0, watcher.certificate, watcher.key, self._cloud.ca)
        files = [self._folder / "watcher" / name for name in ("ca.pem", "certificate.pem.crt", "private.pem.key")]
        filters = (f"$aws/things/{self._name}/shadow/update/documents", f"dt/{self._name}/samples")
        return Observer(self._cloud.port, *filters, client_id="watcher", files=files)

    def _scenes(self) -> None:
        event = self._device.expect("print", _PATIENCE_S, text="connected False")
        self.say("device", f"connected {event['at_s'] * 1000:.0f} ms after its start")
        for period in _PERIODS_MS:
            self._desire(period)
            self._follow(period)
            time.sleep(_DWELL_S)
        self._link.cut()
        self.say("link", f"cut for {_CUT_S} s")
        self._desire(_WHILE_CUT_MS)
        self.say("device", self._said("disconnected"))
        time.sleep(_CUT_S)
        self._link.restore()
        self.say("link", "restored")
        self._follow(_WHILE_CUT_MS, timed=False)
        self._desire(_LAST_MS)
        self._follow(_LAST_MS)
        time.sleep(_DWELL_S)

    def _desire(self, period: int) -> None:
        self._wanted.append(period)
        self.say("cloud", f"desired  publish_period {period} (boto3 update_thing_shadow)")
        self._desired_at = time.monotonic()
        document = {"state": {"desired": {"publish_period": period}}}
        self._shadows.update_thing_shadow(thingName=self._name, payload=json.dumps(document))

    def _follow(self, period: int, timed: bool = True) -> None:
        """Watch a desired value become a delta on the device and then reported in the cloud."""
        event = self._device.expect("print", _PATIENCE_S, text=f"requested publish period: {period}")
        since = (self._device.started + event["at_s"] - self._desired_at) * 1000
        self.say("device", f"delta    publish_period {period}" + (f"  +{since:.0f} ms" if timed else ""))
        message = self._watcher.expect(lambda message: self._reports(message) == period, _PATIENCE_S)
        since = (message.at_s - self._desired_at) * 1000
        self.say("cloud", f"reported publish_period {period}" + (f"  +{since:.0f} ms" if timed else ""))
        self._reported.append(period)
        if timed:
            self._round_trips_ms.append(since)

    @staticmethod
    def _reports(message):
        if not message.topic.endswith("/documents"):
            return None
        current = json.loads(message.payload)["current"]["state"]
        return current.get("reported", {}).get("publish_period")

    def _said(self, beginning: str) -> str:
        while True:
            text = self._device.expect("print", _PATIENCE_S).get("text", "")
            if text.startswith(beginning):
                return text

    def _summary(self) -> bool:
        shadow = json.loads(self._shadows.get_thing_shadow(thingName=self._name)["payload"].read())
        final = shadow["state"]["reported"]["publish_period"] == shadow["state"]["desired"]["publish_period"]
        self._device.settle(0.1)
        texts = [event.get("text", "") for event in self._device.events]
        heap = [int(text.split()[-1]) for text in texts if text.startswith("sample")]
        samples = sum(message.topic.endswith("/samples") for message in self._watcher.all())
        done = bool(final and heap and self._reported == self._wanted)
        print()
        print(f"  desired values reported   {len(self._reported)} of {len(self._wanted)}")
        print(f"  round trip, median        {statistics.median(self._round_trips_ms):.0f} ms (desired to reported)")
        print(f"  messages                  {samples} samples, shadow version {shadow['version']}")
        print(f"  reconnects                {sum(text.startswith('connected') for text in texts) - 1}")
        print(f"  free heap                 {min(heap, default=0)} of {int(_HEAP[:-1]) * 1024} bytes at the least")
        return done


class _Recorded(io.StringIO):
    """What is printed, on the way to a file."""

    def write(self, text: str) -> int:
        sys.__stdout__.write(text)
        sys.__stdout__.flush()
        return super().write(text)


def _draw(text: str, path: Path) -> None:
    """The text as a terminal shows it, with no font from elsewhere."""
    lines = text.splitlines()
    console = Console(record=True, file=io.StringIO(), width=max(map(len, lines)) + 1, highlight=False)
    console.print("\n".join(["$ make demo", *lines]), markup=False)
    svg = console.export_svg(title="make demo", font_aspect_ratio=0.6, unique_id="demo")
    path.write_text(re.sub(r"@font-face {.*?}\s*", "", svg, flags=re.DOTALL).replace("Fira Code, ", ""))


def main() -> int:
    parser = argparse.ArgumentParser(description="a Thing and its cloud, without account and board")
    parser.add_argument("--door", choices=local_aws.DOORS, help="another than MQTT's with a certificate")
    parser.add_argument("--record", type=Path, metavar="SVG", help="draw what is printed")
    asked = parser.parse_args()
    recorded = _Recorded()
    with contextlib.redirect_stdout(recorded):
        done = _run(asked.door)
    if done and asked.record:
        _draw(recorded.getvalue(), asked.record)
    return 0 if done else 1


def _run(door: str | None) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = Demo(Path(folder), door).run()
        except (AssertionError, RuntimeError) as error:
            print(f"demo: {error}", file=sys.stderr)
            done = False
    print("demo: every desired value was reported" if done else "demo: failed")
    return done


if __name__ == "__main__":
    sys.exit(main())
