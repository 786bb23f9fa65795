"""docs/fota.md, as one follows it: each command and each program as it stands, up to the second version on a board.

The board is the make-believe one of tests/harness/board.py. MiniStack presigns the URL and serves the bundle.
"""

import pytest

from ..harness.pages import Reader, blocks, with_aws

_PAGE = "docs/fota.md"


@pytest.fixture
def reader(thing, board, tmp_path):
    return Reader(thing.folder, {**thing.environment, "PATH": with_aws(tmp_path), "THING_PORT": board.port})


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
