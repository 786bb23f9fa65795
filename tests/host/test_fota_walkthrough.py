"""docs/fota.md, as one follows it: each command and each program as it stands, up to the second version on a board.

The board is the make-believe one of tests/harness/board.py. MiniStack presigns the URL and serves the bundle.
"""

import os
import sys

import pytest

from ..harness.pages import Reader, blocks

_PAGE = "docs/fota.md"
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
def reader(thing, board, tmp_path):
    command = tmp_path / "bin" / "aws"
    command.parent.mkdir()
    command.write_text(_AWS)
    command.chmod(0o755)
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    return Reader(thing.folder, {**thing.environment, "PATH": path, "THING_PORT": board.port})


def _program(name: str) -> str:
    """The page's program that begins with its name."""
    (found,) = (block.text for block in blocks(_PAGE, "python") if block.first_line == f"# {name}")
    return found


def test_the_page(thing, project, board, reader):
    """With what it says to have: the project demo and its thing. The board then has the page's program, newer."""
    thing.run("add", "demo")
    keygen, flash, role, start = (block.text for block in blocks(_PAGE, "sh"))
    reader.run(keygen)
    application = _program("app.py")
    (project / "main.py").write_text(_program("main.py"))
    (project / "app.py").write_text(application)
    reader.run(flash)
    reader.run(role)
    assert application.count('VERSION = "1.0.0"') == 1
    (project / "app.py").write_text(application.replace('VERSION = "1.0.0"', 'VERSION = "1.1.0"'))
    said = reader.run(start)
    assert said.splitlines()[-1] == "demo_0: SUCCEEDED 1.1.0", said
    assert len(list(board.flash.glob("fota/*/app.mpy"))) == 1, "with helpers.py, compiled, in the set that now runs"
