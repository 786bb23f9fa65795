"""The pages of docs/, which `thing docs` shows: of the checkout, or as an installed package has them."""

from __future__ import annotations

import re
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from .cache import ROOT
from .errors import ToolError
from .spelling import meant

_PLACES = (Path(__file__).parent / "docs", ROOT / "docs")  # where a wheel has them, and a checkout


def find(page: str) -> Path:
    """The file of a page; ToolError when there is none."""
    folder = next(place for place in _PLACES if place.is_dir())
    path = folder / f"{page}.md"
    if not re.fullmatch(r"[\w-]+", page) or not path.exists():
        raise ToolError(f"there is no page {page}{meant(page, titles())}: `thing docs` lists them")
    return path


def titles() -> dict[str, str]:
    """{page: its title}."""
    folder = next(place for place in _PLACES if place.is_dir())
    return {path.stem: _headings(path.read_text("utf-8"))[0][2] for path in sorted(folder.glob("*.md"))}


def text(page: str, section: str | None = None) -> str:
    """A page as Markdown, or the section with this anchor; ToolError when there is none."""
    whole = find(page).read_text("utf-8")
    if section is None:
        return whole
    found = {anchor(title): (line, level) for line, level, title in _headings(whole)}
    if section not in found:
        known = meant(section, found)
        raise ToolError(f"{page} has no section {section}{known}: it has {', '.join(list(found)[1:]) or 'none'}")
    begin, level = found[section]
    after = (line for line, other, _ in _headings(whole) if line > begin and other <= level)
    return "\n".join(whole.splitlines()[begin : next(after, None)]).strip() + "\n"


def anchor(title: str) -> str:
    """What the site and GitHub call a heading in links."""
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower())


def _headings(page: str) -> list[tuple[int, int, str]]:
    """(line, level, text) of each."""
    tokens = MarkdownIt().parse(page)
    return [
        (opening.map[0], int(opening.tag[1:]), _plain(inline))
        for opening, inline in zip(tokens, tokens[1:], strict=False)
        if opening.type == "heading_open" and opening.map
    ]


def _plain(inline: Token) -> str:
    return "".join(each.content for each in inline.children or ())
