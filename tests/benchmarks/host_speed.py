"""The host tools' figures: start-up, things per second, AWS's rates kept, memory. Prints a section of BENCHMARKS.md.

Run by itself: python -m tests.benchmarks.host_speed
"""

import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from aws_iot_tools import pki
from aws_iot_tools.cloud import aws

from ..harness.certificates import Authority
from ..harness.ministack import MiniStack
from ..host.proxy import Proxy

_THING = [Path(sys.executable).with_name("thing")]
_ONE_WORKER = [
    sys.executable, "-c",
    "import sys, aws_iot_tools.things.creation as c; c.WORKERS = 1; "
    "from aws_iot_tools.main import main; main(sys.argv[1:])",
]  # fmt: skip
LATENCY_S = 0.06
_ENTRIES = 10_000
_ROUNDS = 10
_FLEET = 1000


class Distance:
    """A TCP relay that delays what goes towards the local AWS; it reads nothing, so that it costs next to nothing."""

    def __init__(self, port: int, latency_s: float) -> None:
        self._target, self._latency_s = port, latency_s
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._carry, "127.0.0.1", 0), self._loop
        ).result()
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def _carry(self, reader, writer) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        await asyncio.gather(self._pass(reader, far_writer, self._latency_s), self._pass(far_reader, writer, 0))

    async def _pass(self, reader, writer, delay_s) -> None:
        while data := await reader.read(65536):
            if delay_s:  # in order, since each is as late as the one before it
                self._loop.call_later(delay_s, writer.write, data)
            else:
                writer.write(data)
        writer.close()


class Desk:
    """A folder with a project, and a new account of the local AWS behind a proxy or a relay."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "THING_"))},
            "AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": str(random.randrange(10**11, 10**12)), "AWS_SECRET_ACCESS_KEY": "test",
        }  # fmt: skip
        self.run("new", "demo")

    def run(self, *words, program=_THING) -> tuple:
        """(what it printed, the most memory in bytes) of a command that must succeed."""
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(
                [*program, *words], cwd=self.folder, env=self._environment, stdout=output, stderr=errors
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            errors.seek(0)
            assert process.returncode == 0, errors.read()
            return output.read(), usage.ru_maxrss * 1024

    def start(self, *words) -> subprocess.Popen:
        """A command that goes on; what it prints can be read."""
        command = [*_THING, *words]
        return subprocess.Popen(command, cwd=self.folder, env=self._environment, stdout=subprocess.PIPE, text=True)

    def client(self, service: str, url: str):
        """Of its account, past the proxy."""
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        keys = {name.lower(): self._environment[name] for name in names}
        return boto3.client(service, endpoint_url=url, region_name="us-east-1", **keys)

    def pace(self, *words, program=_THING) -> float:
        """Things per second of add-things, from the first call to the last; the tool's own start is not in it."""
        made = json.loads(self.run("add", "demo", "--json", *words, program=program)[0])
        return made["created"] / made["seconds"]


def computed() -> float:
    """The seconds that the commands which have ended had of a processor: on a busy computer they wait for the rest."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def start_up() -> float:
    """`thing --help`, the best of ten."""

    def once():
        start = time.monotonic()
        subprocess.run([*_THING, "--help"], stdout=subprocess.DEVNULL, check=True)
        return time.monotonic() - start

    return min(once() for _ in range(_ROUNDS))


def busiest_seconds(calls) -> dict:
    """For each operation the most calls that any one second had."""
    found = {}
    for operation in aws.RATES:
        times = [at for at, name in calls if name == operation]
        found[operation] = max((sum(start <= at < start + 1 for at in times) for start in times), default=0)
    return found


def memory(desk: Desk) -> tuple:
    """(seconds, bytes) of an add-things that makes the last of 10,000 things, with 9,999 in the journal as done."""
    desk.run("add", "demo")
    resources = desk.folder / "demo" / ".aws_things_resources"
    done = json.loads((resources / "demo_0" / "journal.json").read_text())
    for number in range(1, _ENTRIES - 1):
        folder = resources / f"demo_{number}"
        folder.mkdir()
        (folder / "journal.json").write_text(json.dumps(done))
    state = json.loads((resources / "journal.json").read_text())
    state["plan"] = {"base": "demo", "first": 0, "count": _ENTRIES, "key": "ec"}
    (resources / "journal.json").write_text(json.dumps(state))
    start = time.monotonic()
    _, most = desk.run("add", "demo", "-n", str(_ENTRIES))
    return time.monotonic() - start, most


def measure(folder: Path) -> list:
    """The rows of the table: (what, goal, figure)."""
    cloud = MiniStack(folder, Authority()).start()  # else its signing is what is measured
    try:
        rows = [("`thing --help`", "< 0.2 s", f"{start_up():.2f} s")]
        url = Distance(cloud.gateway, LATENCY_S).url
        rows += _pace(url, folder)
        rows.append(("... what MiniStack signs at most", "", f"{_certificates_per_second(cloud):.1f} certificates/s"))
        with Proxy(cloud.url, LATENCY_S) as proxy:
            rows += _rates(proxy, folder)
        seconds, most_bytes = memory(Desk(url, folder / "many"))
        rows += status(cloud, url, folder)
        rows.append((f"memory with {_ENTRIES:,} journal entries", "< 150 MB", f"{most_bytes / 1e6:.0f} MB"))
        rows.append(("... to find the one that is missing and make it", "", f"{seconds:.1f} s"))
        return rows
    finally:
        cloud.stop()


def _pace(url: str, folder: Path) -> list:
    alone = Desk(url, folder / "one").pace("-n", "12", "--rate", "0", program=_ONE_WORKER)
    lifted = max(Desk(url, folder / f"lifted{turn}").pace("-n", "100", "--rate", "0") for turn in range(2))
    return [
        ("one thing at a time, `--rate 0`", "", f"{alone:.1f} things/s"),
        ("`add-things` of 100, `--rate 0`", ">= 25 things/s", f"{lifted:.1f} things/s"),
    ]


def status(cloud: MiniStack, url: str, folder: Path) -> list:
    """`thing status` of a fleet whose boards report: without the fleet index, and with it."""
    desk = Desk(url, folder / "fleet")
    iot, data = desk.client("iot", cloud.url), desk.client("iot-data", cloud.url)

    def make(number: int) -> None:
        iot.create_thing(thingName=f"t{number}")
        health = {"shadowName": "health"}
        for options, state in (({}, {"led": "on"}), (health, {"heap_free": 81920, "version": "1.2.0"})):
            payload = json.dumps({"state": {"reported": state}})
            data.update_thing_shadow(thingName=f"t{number}", payload=payload, **options)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(_FLEET)))
    found = []
    for words, goal in (("without the fleet index", ""), ("with it", "< 5 s")):
        start, before = time.monotonic(), computed()
        told = json.loads(desk.run("status", "--json")[0])
        assert told["things"] == _FLEET, told
        what = f"`thing status` of {_FLEET:,} things, {words}"
        taken = f"{time.monotonic() - start:.1f} s, of which {computed() - before:.1f} s of computing"
        found.append((what, goal, taken))
        index = {"thingIndexingMode": "REGISTRY_AND_SHADOW", "thingConnectivityIndexingMode": "STATUS"}
        iot.update_indexing_configuration(thingIndexingConfiguration=index)
    return found


def _certificates_per_second(cloud: MiniStack) -> float:
    """How many certificates MiniStack itself signs in a second, asked by eight at once: a bound for what uses it."""
    iot = cloud.client("iot")
    requests = [pki.request(pki.new_key(), "bench") for _ in range(40)]
    start = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda request: iot.create_certificate_from_csr(certificateSigningRequest=request), requests))
    return len(requests) / (time.monotonic() - start)


def _rates(proxy: Proxy, folder: Path) -> list:
    kept = Desk(proxy.url, folder / "kept").pace("-n", "100")
    rows = [("`add-things` of 100 at AWS's rates", "", f"{kept:.1f} things/s")]
    for operation, most in busiest_seconds(proxy.calls).items():
        if most:
            rows.append((f"{operation} in its busiest second", f"<= {aws.RATES[operation]}", str(most)))
    return rows


def table(rows: list) -> list:
    """The section's lines."""
    return [
        "## Host tools", "",
        f"Against MiniStack with {LATENCY_S * 1000:.0f} ms of latency added to each call, and with a P-256 authority:",
        "its own RSA key it checks anew for each certificate, which takes 90 ms.", "",
        "| what | goal | here |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows),
    ]  # fmt: skip


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        print("\n".join(table(measure(Path(scratch)))))
