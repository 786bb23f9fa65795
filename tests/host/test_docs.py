"""`thing docs`: the pages, in a checkout as in an installed package (test_distribution.py has one)."""

import json
import re

import pytest
from aws_iot_tools import pages
from aws_iot_tools.board import causes
from aws_iot_tools.errors import ToolError

from ..harness import ROOT


def test_the_pages_are_listed_and_shown(thing):
    listed = thing.run("docs").stdout.splitlines()
    assert [line.split()[0] for line in listed] == sorted(path.stem for path in (ROOT / "docs").glob("*.md"))
    assert re.search(r"^start +From the box to ready$", "\n".join(listed), re.M)
    assert thing.run("docs", "sleep").stdout == (ROOT / "docs" / "sleep.md").read_text()
    assert json.loads(thing.run("docs", "sleep", "--json").stdout)["text"].startswith("# Sleep\n")


def test_a_section_is_shown_alone(thing):
    shown = thing.run("docs", "fota", "once-the-key").stdout
    assert shown.startswith("## Once: the key\n") and "fota-keygen" in shown and shown.count("\n#") == 0


def test_what_is_misspelt_is_answered_with_what_there_is(thing):
    assert (
        "no page troubelshooting (did you mean troubleshooting?)" in thing.run("docs", "troubelshooting", code=1).stderr
    )
    assert "(did you mean once-the-key" in thing.run("docs", "fota", "once-a-key", code=1).stderr
    with pytest.raises(ToolError, match="no page ../README"):
        pages.text("../README")


def test_each_cause_is_a_section_that_the_command_shows():
    for row in causes.ROWS:
        page, section = row.shown.removeprefix("thing docs ").split()
        assert row.do in pages.text(page, section)


@pytest.mark.parametrize("page, section", [("fota", "once-the-role"), ("hardware", "send-the-report")])
def test_sections_that_messages_lead_to_are_there(page, section):
    sources = "".join(path.read_text() for path in (ROOT / "tools").rglob("*.py"))
    assert f"`thing docs {page} {section}`" in sources and pages.text(page, section)
