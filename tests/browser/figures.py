"""Measures the console: its start, a change from AWS to the screen, its memory, ten thousand things.

`make console-figures`; --things N for another number of them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aws_iot_tools.dev import chromium
from playwright.sync_api import Page, expect

from ..harness.certificates import Authority
from ..harness.ministack import MiniStack
from ..harness.ports import free_port
from ..harness.processes import end
from ..host.conftest import Account
from .driver import playwright
from .fleet import report

_CHANGES = 50
_GOALS = {"start": "2 s", "change, median": "300 ms", "memory": "250 MB", "usable after the first page": "2 s"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--things", type=int, default=10_000)
    things = parser.parse_args().things
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "cloud").mkdir()
        (path / "home").mkdir()
        cloud = MiniStack(path / "cloud", Authority()).start()
        try:
            measure(Account(cloud, path / "home"), path, things)
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
            _list(page, things)
            _tell("memory", f"{_memory(server.pid):.0f} MB, at most")
            _changes(account, page)
            _tell("memory", f"{_memory(server.pid):.0f} MB, at most")
            browser.close()
    finally:
        end(server)
        server.stdout.close()


def _list(page: Page, things: int) -> None:
    """From the first page of things to a search among all of them."""
    expect(page.locator("tbody tr").first).to_be_visible(timeout=120_000)
    begun = time.monotonic()
    expect(page.get_by_text(f"choose all {things} found")).to_be_visible(timeout=600_000)
    page.get_by_label("search").fill(f"sensor_{things - 1:05}")
    expect(page.get_by_text("choose all 1 found")).to_be_visible(timeout=60_000)
    _tell("usable after the first page", f"{time.monotonic() - begun:.2f} s, of {things} things")
    expect(page.get_by_text("reading the list")).to_have_count(0, timeout=900_000)
    _tell("all shadows read", f"{time.monotonic() - begun:.0f} s")


def _changes(account: Account, page: Page) -> None:
    """From before the call that changes a shadow to the cell that shows it."""
    name = page.locator("tbody tr a").inner_text()
    taken = []
    for number in range(_CHANGES):
        page.evaluate(_WATCH, f"v{number}")
        begun = time.time()
        report(account, name, {"version": f"v{number}"})
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
    """The most that a process had resident, in MB."""
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def _tell(what: str, found: str) -> None:
    goal = f"  (goal: {_GOALS[what]})" if what in _GOALS else ""
    print(f"{what}: {found}{goal}", flush=True)


if __name__ == "__main__":
    main()
