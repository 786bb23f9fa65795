"""docs/tutorial.md: its commands and its programs as they stand, on the board that it has the computer play."""

import os

import pytest

from ..harness.pages import Reader, blocks, with_aws
from .reading import Reading

_PAGE = "docs/tutorial.md"


@pytest.fixture
def reader(tmp_path):
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "THING_"))}
    reader = Reader(tmp_path, {**environment, "HOME": str(tmp_path), "PATH": with_aws(tmp_path)})
    yield reader
    reader.run("thing cloud down")


@pytest.mark.docs
def test_the_tutorial(reader, tmp_path):
    begin, second, end = (block.text for block in blocks(_PAGE, "sh tutorial"))
    (play,) = blocks(_PAGE, "sh tutorial second shell")
    (flash,) = blocks(_PAGE, "sh tutorial board")
    (lamp,) = blocks(_PAGE, "python tutorial lamp")
    (sensor,) = blocks(_PAGE, "python tutorial sensor")
    said = reader.run(begin)
    assert "lamp_0" in said and "lamp_1" in said
    before, loop, after = lamp.text.partition("while True:\n")
    # where the page says to put them
    text = f"{before}{sensor.text}\n\n{loop}{after}    sample()\n"
    (tmp_path / "house" / "main.py").write_text(text)
    with Reading(reader.start(play.text.strip())) as board:
        board.expect("Ctrl-C ends it")
        assert '"led": true' in reader.run(flash.text)
        board.expect('"level": 1')
        board.expect("puback")
        _update(reader, tmp_path / "house")
        assert '"led": true' in reader.run(second)
    assert "no things" in reader.run(end)


def _update(reader, house) -> None:
    """Section 4, with the role that docs/fota.md makes."""
    key, send = (block.text for block in blocks(_PAGE, "sh tutorial update"))
    (main,) = blocks(_PAGE, "python tutorial main")
    (update,) = blocks(_PAGE, "python tutorial update")
    (role,) = (block for block in blocks("docs/fota.md", "sh") if "create-role" in block.text)
    reader.run(key)
    (house / "main.py").write_text(main.text)
    app = house / "app.py"
    (line,) = (line for line in app.read_text().splitlines() if line.startswith("thing.on_event"))
    app.write_text(app.read_text().replace(line, update.text))
    reader.run("thing flash house")
    reader.run(role.text)
    app.write_text(app.read_text().replace('VERSION = "1.0.0"', 'VERSION = "1.1.0"'))
    assert "lamp_0: SUCCEEDED 1.1.0" in reader.run(send)
