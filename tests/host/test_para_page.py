"""docs/rest.md: its blocks as they stand, but for the port."""

import json
import subprocess
import sys

import pytest

from ..harness.pages import Reader, blocks
from ..harness.ports import free_port
from ..harness.processes import end

_PAGE = "docs/rest.md"


@pytest.fixture
def reader(thing, project):
    return Reader(thing.folder, thing.environment)


def test_the_page(reader, thing, account):
    port = str(free_port())
    (keys,) = blocks(_PAGE, "sh rest")
    (serve,) = blocks(_PAGE, "sh rest server")
    reader.run(keys.text)
    assert json.loads((thing.folder / "keys.json").read_text())["accessKey"] == "app:myapp"
    server = reader.start(serve.text.strip().replace("8080", port))
    try:
        assert server.stdout.readline() == f"Para's API: http://127.0.0.1:{port}/v1\n"
        first, second = [_python(thing, block.text.replace("8080", port)) for block in blocks(_PAGE, "python rest")]
    finally:
        end(server)
    assert first == [f"localhost {account.environment['IOT_MTLS_PORT']} MyThing", "['MyThing']"]
    assert second == ["app:myapp"]
    account.assert_empty()


def _python(thing, text: str) -> list:
    done = subprocess.run([sys.executable, "-c", text], cwd=thing.folder, capture_output=True, text=True, timeout=300)
    assert not done.returncode, done.stderr
    return done.stdout.splitlines()
