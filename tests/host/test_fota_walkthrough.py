"""docs/fota.md, as one would follow it with the files of examples/fota: each command as it stands, up to the update.

The board is the make-believe one of tests/harness/board.py. MiniStack presigns the URL and serves the bundle.
"""

import os
import re
import sys

import pytest

from .. import harness
from .test_walkthrough import Shell

_EXAMPLE = harness.ROOT / "examples" / "fota"
_PAGE = (harness.ROOT / "docs" / "fota.md").read_text()
_BLOCKS = [block.strip() for block in re.findall(r"^```sh\n(.*?)^```", _PAGE, re.M | re.S)]
# Stands in for the aws command, which is no dependency: the same operation with the same arguments through boto3.
_AWS = f"""#!{sys.executable}
import pathlib, sys
import boto3
service, operation, *rest = sys.argv[1:]
if (service, operation) == ("s3", "mb"):
    boto3.client("s3").create_bucket(Bucket=rest[0].removeprefix("s3://"))
    sys.exit()
names = ["".join(word.title() for word in name.strip("-").split("-")) for name in rest[::2]]
values = [pathlib.Path(value[7:]).read_text() if value.startswith("file://") else value for value in rest[1::2]]
getattr(boto3.client(service), operation.replace("-", "_"))(**dict(zip(names, values)))
"""


@pytest.fixture
def shell(thing, tmp_path):
    command = tmp_path / "bin" / "aws"
    command.parent.mkdir()
    command.write_text(_AWS)
    command.chmod(0o755)
    environment = {**thing.environment, "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}"}
    opened = Shell(thing.folder, environment)
    yield opened
    opened.close()


def _program(beginning: str) -> str:
    """The page's program that begins with this comment."""
    blocks = re.findall(r"^```python\n(.*?)^```", _PAGE, re.M | re.S)
    return next(block for block in blocks if block.startswith(beginning))


def test_the_page(thing, project, board, shell):
    """The example is flashed, and becomes the page's own application over the air."""
    keygen, role, start = _BLOCKS
    thing.run("add", "demo")
    for name in ("main.py", "app.py"):
        (project / name).write_text((_EXAMPLE / name).read_text())
    shell.run(keygen.replace("mpremote ", f"mpremote connect {board.port} "))
    thing.run("flash", "demo", "--port", board.port, "--no-wait", "--lines", 1)
    board.expect("version 1.0.0")
    board.expect("ready")
    shell.run(role)
    application = _program("# app.py")
    assert 'VERSION = "1.0.0"' in application
    (project / "app.py").write_text(application.replace('VERSION = "1.0.0"', 'VERSION = "1.1.0"'))
    said = shell.run(start.replace("NAME FOLDER", "demo_0 demo"))
    assert said.splitlines()[-1] == "demo_0: SUCCEEDED 1.1.0", said
    assert len(list(board.flash.glob("fota/*/app.mpy"))) == 1, "with helpers.py, compiled, in the set that now runs"


def test_main_py_of_the_page_is_the_example_s():
    code = [
        line.partition("  #")[0].rstrip() for line in _program("# main.py").splitlines() if not line.startswith("#")
    ]
    assert "\n".join(code) in (_EXAMPLE / "main.py").read_text()
