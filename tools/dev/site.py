"""Builds the site of the project's pages, into build/site: `make docs`. MkDocs reads a folder that is laid out as the
repository is, so that the pages' links hold there as they do here; the pages of reference are written for it.

A warning of MkDocs fails it: a dead link, a page that mkdocs.yml does not name, a name that is not there.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ..board import causes
from ..cache import FOLDER, ROOT
from ..errors import ToolError
from . import reference
from .setup import DOCS

_LAID_OUT = FOLDER / "site"
_SITE = ROOT / "build" / "site"
_NO_PAGES = ("tools/", "tests/", "docs/reports/")  # Markdown that is a template or somebody's report
_LINK = re.compile(r"(\[[^\]]*\]\()([^)\s#]+)((?:#[^)\s]*)?\))")
_FENCE = re.compile(r"^(\s*```\w+) .*$", re.MULTILINE)  # what stands behind the language is for the tests
_OUTSIDE = re.compile(r"https?://[^\s)>`\"']+")


def pages() -> list[str]:
    """The repository's pages, by their paths."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return sorted(page for page in listed if not page.startswith(_NO_PAGES) and (ROOT / page).exists())


def lay_out(folder: Path) -> None:
    """Put the pages, what they link to and the pages of reference into ``pages`` there, and the stubs into ``api``."""
    shutil.rmtree(folder, ignore_errors=True)
    for page in pages():
        text = _LINK.sub(functools.partial(_linked, folder / "pages", page), _text(page))
        _write(folder / "pages" / page, _FENCE.sub(r"\1", text))
    for name, text in reference.pages().items():
        _write(folder / "pages" / "reference" / name, text)
    shutil.copy(Path(__file__).with_name("site.css"), folder / "pages")
    for stub in (ROOT / "aws_iot").rglob("*.pyi"):
        _write((folder / "api" / stub.relative_to(ROOT)).with_suffix(".py"), stub.read_text())


def _text(page: str) -> str:
    return (ROOT / page).read_text()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _linked(folder: Path, page: str, link: re.Match[str]) -> str:
    """A link as the site has it: of a folder, to its page; what is no page comes along."""
    before, target, after = link.groups()
    if "://" in target or target.startswith("mailto:"):
        return link.group()
    path = Path(os.path.normpath(Path(page).parent / target))
    if (ROOT / path).is_dir() and (ROOT / path / "README.md").exists():
        return f"{before}{target.rstrip('/')}/README.md{after}"
    if (ROOT / path).is_file() and path.suffix != ".md":
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, folder / path)
    return link.group()


def outside() -> Iterator[str]:
    """Where the pages lead to outside; that is listed, and not fetched."""
    found = {link.rstrip(".,;:") for page in pages() for link in _OUTSIDE.findall(_text(page))}
    return iter(sorted(found))


def build(laid_out: Path, site: Path) -> None:
    """Build the site of the pages that are laid out there. ToolError with what MkDocs warns of (--quiet, and it would
    count no warnings)."""
    words: list[str | Path] = [DOCS / "bin/mkdocs", "build", "--clean", "--config-file", ROOT / "mkdocs.yml"]
    environment = {
        **os.environ,
        "SITE_PAGES": str(laid_out / "pages"), "SITE_API": str(laid_out / "api"), "SITE": str(site),
    }  # fmt: skip
    done = subprocess.run(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        said = [line for line in done.stdout.splitlines() if line.startswith(("WARNING", "ERROR", "Error", "Aborted"))]
        raise ToolError("\n".join(said) or done.stdout.strip())


def main() -> int:
    (ROOT / causes.PAGE).write_text(causes.page())
    lay_out(_LAID_OUT)
    build(_LAID_OUT, _SITE)
    links = _SITE.parent / "site-links.txt"
    links.write_text("\n".join(outside()) + "\n")
    for path in (_SITE / "index.html", links):
        print(path.relative_to(ROOT))
    print(f"its search needs a server: python3 -m http.server -d {_SITE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ToolError as error:
        sys.exit(f"docs: {error}")
