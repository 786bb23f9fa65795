"""Fixtures: a console over the local AWS as a user starts it, and pages of a real browser on it."""

import json
import re
import signal
import subprocess

import pytest
from aws_iot_tools.dev import chromium
from playwright.sync_api import expect

from ..harness.ports import free_port
from ..harness.processes import end
from ..host.conftest import account, forks, thing  # noqa: F401  fixtures
from .driver import playwright

_WAIT_MS = 180_000  # for what has no time of its own, and the computer may be slow and busy
expect.set_options(timeout=_WAIT_MS)


class Console:
    """`thing console` in a folder and an account; what it says is kept."""

    def __init__(self, thing, port: int) -> None:  # noqa: F811
        self.thing, self.port, self.process = thing, port, None

    def start(self) -> "Console":
        self.process = self.thing.start("--json", "console", "--port", self.port)
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        self.url = json.loads(line)["url"]
        return self

    def interrupt(self) -> subprocess.CompletedProcess:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        said, error = self.process.communicate(timeout=60)
        return subprocess.CompletedProcess("console", self.process.returncode, said, error)

    def stop(self) -> None:
        if self.process.poll() is None:
            end(self.process)
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()


@pytest.fixture
def console(thing):  # noqa: F811
    running = Console(thing, free_port()).start()
    yield running
    running.stop()


@pytest.fixture
def browser():
    """For one test: while it is there, a loop of asyncio runs in this thread, and no other test could run its own."""
    with playwright() as started:
        running = started.chromium.launch(executable_path=chromium.found())
        yield running
        running.close()


@pytest.fixture
def window(browser, console):
    """A new window that asks nobody but the console: what else it asks for fails the test."""
    with browser.new_context() as context:
        context.set_default_timeout(_WAIT_MS)
        asked = []
        context.on("request", lambda request: asked.append(request.url))
        yield context
        ours = re.compile(rf"(http|ws)://127\.0\.0\.1:{console.port}/|(data|blob):")
        assert not [url for url in asked if not ours.match(url)], "something was loaded from elsewhere"


@pytest.fixture
def page(window, console):
    """The list, opened by the address that was printed."""
    opened = window.new_page()
    faults = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.goto(console.url)
    yield opened
    assert not faults


@pytest.fixture
def live(page):
    """The list, once live data come."""
    expect(page.get_by_role("status").filter(has_text=re.compile("^live$"))).to_be_visible()
    return page
