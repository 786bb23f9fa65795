"""One cause of the library's, with what a reader wants to know of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FIELD = re.compile(r"%0?\d*[sdrx]")


@dataclass(frozen=True)
class Row:
    """``said``: the texts of ``thing.cause``, as they stand in the library's source; ``inside``: what stands in them in
    place of a field. ``means`` and ``do`` are Markdown. ``shown_by``: the tests that provoke ``said``, all together.
    """

    anchor: str
    said: tuple[str, ...]
    means: str
    do: str
    shown_by: tuple[str, ...]
    inside: tuple[str, ...] = ()
    doctor: tuple[str, ...] = ()  # how what `thing doctor` says begins when it is that

    @property
    def shown(self) -> str:
        """The command that shows it, wherever the page is."""
        return f"thing docs troubleshooting {self.anchor}"


def pattern(template: str) -> re.Pattern[str]:
    """What a text looks like that was made of ``template``."""
    return re.compile(".*".join(re.escape(part) for part in _FIELD.split(template)), re.DOTALL)


def dotted(template: str) -> str:
    """A template as a reader sees it: dots in place of its fields."""
    return _FIELD.sub("...", template)
