"""What the commands print: text for a person, or one JSON document with --json."""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, TextIO

import click

from .errors import ToolError
from .shapes import Advance

_PLAIN_STEPS = 10  # a pipe gets about this many progress lines for one run


# What moves a terminal's cursor, rings or worse (C0 but line end and tab, DEL, C1), as JSON writes it.
_CONTROLS = {code: f"\\u{code:04x}" for code in (*range(9), *range(11, 32), *range(127, 160))}


def visible(text: str) -> str:
    """Text with what a terminal would obey made visible: much of it comes from boards, and from AWS."""
    return text.translate(_CONTROLS)


def tell(text: str, stream: TextIO | None = None, colour: str | None = None) -> None:
    """Print a line, in a colour where that is a terminal: https://no-color.org"""
    styled = click.style(visible(text), fg=colour) if colour and not os.environ.get("NO_COLOR") else visible(text)
    click.echo(styled, file=stream)  # which takes the colour out for a file or a pipe


def things(number: int) -> str:
    return f"{number} thing{'' if number == 1 else 's'}"


class Output:
    """Text goes to stdout, warnings and progress to stderr; with --json stdout holds the one document only."""

    def __init__(self, as_json: bool = False) -> None:
        self.json = as_json

    def check(self) -> None:
        """ToolError unless there is a standard output: for what is printed once, before it is made."""
        if sys.stdout is None:
            raise ToolError("standard output is closed, and what this command makes is shown there only")

    def say(self, text: str, colour: str | None = None) -> None:
        """Print a line for a person."""
        tell(text, sys.stderr if self.json else sys.stdout, colour)

    def warn(self, text: str) -> None:
        """Print a line on stderr that is worth reading even when stdout is piped."""
        tell(f"thing: {text}", sys.stderr, "yellow")

    def data(self, document: Any, text: str | None = None) -> None:
        """Print a result: as JSON with --json or when there is no text for it, else as text."""
        if self.json or text is None:
            # A pipe of Windows is in its code page: there escapes, which are as good to who reads JSON.
            ascii_alone = codecs.lookup(getattr(sys.stdout, "encoding", None) or "ascii").name != "utf-8"
            text = json.dumps(document, indent=2, ensure_ascii=ascii_alone, default=str)
        tell(text)

    def page(self, document: Any, markdown: str) -> None:
        """Print Markdown: laid out where that is a terminal."""
        if self.json or not sys.stdout.isatty():
            self.data(document, markdown.rstrip())
            return
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(markdown, hyperlinks=False))

    def line(self, document: Any, text: str, colour: str | None = None) -> None:
        """Print one of the results that come one by one: with --json as one JSON document a line."""
        if self.json:
            tell(json.dumps(document))
        else:
            tell(text, colour=colour)

    def progress(self, total: int, label: str) -> AbstractContextManager[Advance]:
        """A context manager whose value is to be called once per finished piece of work."""
        if sys.stderr.isatty():
            return _bar(total, label)
        return _lines(total, label)

    def write(self, text: str) -> None:
        """Print a piece of what comes bit by bit: a line ends where the text has its end."""
        print(visible(text), end="", flush=True)


@contextlib.contextmanager
def _bar(total: int, label: str) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=total)
        yield lambda: progress.advance(task)


@contextlib.contextmanager
def _lines(total: int, label: str) -> Iterator[Advance]:
    """At most ten plain lines, and none at all for work that is over at once."""
    state = {"done": 0, "start": time.monotonic()}
    step = max(1, -(-total // _PLAIN_STEPS))

    def advance() -> None:
        state["done"] += 1
        if total > 1 and (state["done"] % step == 0 or state["done"] == total):
            seconds = time.monotonic() - state["start"]
            left = seconds / state["done"] * (total - state["done"])
            print(f"{label} {state['done']}/{total}, {left:.0f} s left", file=sys.stderr, flush=True)

    yield advance
