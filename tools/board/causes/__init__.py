"""What `thing.cause` can say, what it means, and what to do: the rows of docs/troubleshooting.md.

A test walks the library's source: a text without a row, or a row that no test provokes, fails it.
"""

from __future__ import annotations

from . import doors, link, secure
from .row import Row, dotted, pattern

PAGE = "docs/troubleshooting.md"
ROWS = (*link.ROWS, *secure.ROWS, *doors.ROWS)


def find(text: str) -> Row | None:
    """The row of a cause of the library's, or of a finding of `thing doctor`: the one that has most of the words."""
    fitting = [(len(said), row) for row in ROWS for said in row.said if pattern(said).fullmatch(text)]
    fitting += [(len(said), row) for row in ROWS for said in row.doctor if pattern(said).match(text)]
    return max(fitting, key=lambda each: each[0])[1] if fitting else None


def page() -> str:
    """docs/troubleshooting.md."""
    return _HEAD + "".join(_section(row) for row in ROWS)


def _section(row: Row) -> str:
    said = "\n".join(f"* `{dotted(said)}`" for said in row.said)
    tests = ", ".join(f"`{test}`" for test in row.shown_by)
    title = row.anchor.replace("-", " ").capitalize()  # of which Markdown makes the anchor
    return f"\n## {title}\n\n{said}\n\n{row.means}\n\n**What to do:** {row.do}\n\nSeen in {tests}.\n"


_HEAD = """# Troubleshooting

Why the last connection ended, or could not be made, stands in words in `thing.cause`, in the event `disconnected`, and
in the LinkError that `connect()` raises. These are all of them: first the network's, then those of TLS, then those of
the doors that sign or go by HTTPS; `thing doctor` names the one that it found. The library goes on by itself after
each, with a back-off of 1 s to 2 minutes, and with all that was accepted.

This page is written by `make docs` from `tools/board/causes/`. A test walks the library's source, so that no cause is
missing, and runs the tests of `tests/device` that are named, so that each was seen.
"""
