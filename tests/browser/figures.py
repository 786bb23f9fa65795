"""Measures the console: its start, a change from AWS to the screen, its memory, ten thousand things; and of the other
two faces of the fleet, how fast the REST API makes things, and `thing status`. Each with its goal.

`make console-figures`; --things N for another number of things in the console.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aws_iot_tools.cloud.aws import WORKERS
from aws_iot_tools.dev import chromium
from playwright.sync_api import Page, expect

from ..benchmarks.host_speed import LATENCY_S, Desk, Distance, computed, status
from ..harness.certificates import Authority
from ..harness.ministack import MiniStack
from ..harness.ports import free_port
from ..harness.processes import end
from ..host.conftest import Account
from ..host.para import client
from .driver import playwright

_CHANGES = 50
_CREATED = 60
_GOALS = {"start": "2 s", "change, median": "300 ms", "memory": "250 MB", "usable after the first page": "2 s"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--things", type=int, default=10_000)
    things = parser.parse_args().things
    print(f"{os.cpu_count()} processors, for which {os.getloadavg()[0]:.0f} programs wait or run: best 0", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "cloud").mkdir()
        (path / "home").mkdir()
        cloud = MiniStack(path / "cloud", Authority()).start()
        try:
            measure(Account(cloud, path / "home"), path, things)
            url = Distance(cloud.gateway, LATENCY_S).url
            create(Desk(url, path / "rest"))
            for what, goal, figure in status(cloud, url, path):
                _tell(what, figure, goal.removeprefix("< "))
        finally:
            cloud.stop()


def measure(account: Account, folder: Path, things: int) -> None:
    iot = account.client("iot")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: iot.create_thing(thingName=f"sensor_{number:05}"), range(things)))
    port = free_port()
    command = [Path(sys.executable).with_name("thing"), "--json", "console", "--port", str(port)]
    begun = time.monotonic()
    server = subprocess.Popen(command, cwd=folder, env=account.environment, stdout=subprocess.PIPE, text=True)
    try:
        url = json.loads(server.stdout.readline())["url"]
        _tell("start", f"{time.monotonic() - begun:.2f} s, of which {_computed(server.pid):.2f} s of computing")
        with playwright() as started:
            browser = started.chromium.launch(executable_path=chromium.found())
            page = browser.new_page()
            page.goto(url)
            reading = _list(page, things, server.pid)
            _changes(account, page)
            _tell("memory", f"{max(reading, _memory(server.pid)):.0f} MB at most, with the process that reads the list")
            browser.close()
    finally:
        end(server)
        server.stdout.close()


def create(desk: Desk) -> None:
    """Things by `thing add`, then as many by the REST API, which as many ask at once; both keep to AWS's rates."""
    before = computed()
    added = desk.pace("-n", str(_CREATED), "--rsa")
    adding = computed() - before
    keys = json.loads(desk.run("serve", "keys", "new", "demo")[0])
    server = desk.start("serve", "demo", "--port", "0", "--json")
    try:
        para = client(json.loads(server.stdout.readline())["url"], keys)

        def make(number: int) -> int:
            return para.invokePost("things", json.dumps({"name": f"r{number}", "serviceBroker": "AWS"})).status_code

        begun, before = time.monotonic(), _computed(server.pid)
        with ThreadPoolExecutor(WORKERS) as pool:
            assert set(pool.map(make, range(_CREATED))) == {201}
        seconds, serving = time.monotonic() - begun, _computed(server.pid) - before
    finally:
        end(server)
        server.stdout.close()
    told = f"{_CREATED / seconds:.1f} a second; {serving / _CREATED:.2f} s of computing each"
    _tell("things by REST", told, f"as add-things, {added:.1f} a second; there {adding / _CREATED:.2f} s each")


def _list(page: Page, things: int, pid: int) -> float:
    """From the first page of things to a search among all of them; -> the most memory until all is read."""
    expect(page.locator("tbody tr").first).to_be_visible(timeout=120_000)
    begun, before = time.monotonic(), _computed(pid)
    expect(page.get_by_text(f"choose all {things} found")).to_be_visible(timeout=600_000)
    page.get_by_label("search").fill(f"sensor_{things - 1:05}")
    expect(page.get_by_text("choose all 1 found")).to_be_visible(timeout=60_000)
    taken, computing = time.monotonic() - begun, _computed(pid) - before
    _tell("usable after the first page", f"{taken:.2f} s, of {things} things; {computing:.2f} s of computing")
    most = 0.0
    while page.get_by_text("reading the list").count():
        most = max(most, _memory(pid))
        page.wait_for_timeout(100)
    _tell("all shadows read", f"{time.monotonic() - begun:.0f} s")
    return most


def _changes(account: Account, page: Page) -> None:
    """From before the call that changes a shadow to the cell that shows it."""
    name = page.locator("tbody tr a").inner_text()
    data = account.client("iot-data")
    taken = []
    for number in range(_CHANGES):
        page.evaluate(_WATCH, f"v{number}")
        begun = time.time()
        data.update_thing_shadow(thingName=name, payload=json.dumps({"state": {"reported": {"version": f"v{number}"}}}))
        page.wait_for_function("window.seen")
        taken.append(page.evaluate("window.seen") - begun * 1000)
    taken.sort()
    _tell("change, median", f"{statistics.median(taken):.0f} ms, 95 of 100: {taken[int(len(taken) * 0.95)]:.0f} ms")


_WATCH = """text => {
    window.seen = 0;
    const look = () => { if (document.querySelector("tbody").innerText.includes(text)) window.seen = Date.now(); };
    new MutationObserver((_, observer) => { look(); if (window.seen) observer.disconnect(); })
        .observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


def _computed(pid: int) -> float:
    """The seconds that a process had of a processor: on a busy computer it waits for the rest."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    """The most that a process and those that it started had resident, in MB."""
    found = 0
    for path in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended
            told = dict(line.split(":", 1) for line in path.read_text().splitlines())
            if pid in (int(told["Pid"]), int(told["PPid"])):
                found += int(told.get("VmHWM", "0").split()[0])
    return found / 1024


def _tell(what: str, found: str, goal: str = "") -> None:
    goal = goal or _GOALS.get(what, "")
    print(f"{what}: {found}" + (f"  (goal: {goal})" if goal else ""), flush=True)


if __name__ == "__main__":
    main()
