"""docs/start.md: its commands as they stand, on the make-believe board, and its words on what flash says."""

import re

from .. import harness
from .test_walkthrough import Shell, shell  # noqa: F401  the fixture

_PAGE = (harness.ROOT / "docs" / "start.md").read_text()
_BLOCKS = [block.strip() for block in re.findall(r"^```sh start\n(.*?)^```", _PAGE, re.M | re.S)]


def test_from_new_to_ready(shell: Shell):  # noqa: F811
    make, flash, change, end = _BLOCKS
    assert "demo_0 is the active thing" in shell.run(make)
    assert shell.run(flash).rstrip().endswith("ready")
    shell.run(change)
    shell.board.expect("publish period is now 1000 ms")
    assert "1 thing deleted" in shell.run(end)


def test_what_the_page_quotes_is_said():
    """The beginnings in its table of last words are in the programs that say them, and flash looks for them."""
    from aws_iot_tools.board.board import _TELLING

    quoted = re.findall(r"^\| `(.*?)`", _PAGE, re.M)
    words = [each for each in quoted if each.startswith(("Wi-Fi", "clock", "disconnected"))]
    assert len(words) == 4 and all(each.startswith(_TELLING) for each in words)
    sources = [harness.ROOT / "tools/template/helpers.py", *sorted((harness.ROOT / "aws_iot/mqtt").glob("*.py"))]
    text = "".join(source.read_text() for source in sources)
    for said in (
        "Wi-Fi: joining",
        "clock: no time yet:",
        "cannot be reached",
        "no answer from",
        "closed before CONNACK",
    ):
        assert said in text and said in _PAGE, said
