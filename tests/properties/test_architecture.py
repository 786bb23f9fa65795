"""docs/architecture.md names files and functions; each of them is there."""

import ast
import re

import pytest

from tests.harness import ROOT

_TEXT = (ROOT / "docs/architecture.md").read_text()
# `mqtt/loss.py`, or `mqtt/loss.py: lost`, also over the end of a line
_NAMED = sorted({(path, name) for path, name in re.findall(r"`([a-z_/]+\.py)(?::\s+(\w+))?`", _TEXT)})


def _defined(path) -> set:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, kinds)}


@pytest.mark.parametrize("path, name", _NAMED)
def test_what_the_page_names_is_there(path, name):
    file = ROOT / "aws_iot" / path
    assert file.is_file()
    assert not name or name in _defined(file)


def test_the_page_names_most_of_the_engine():
    named = {path for path, _ in _NAMED}
    files = {path.relative_to(ROOT / "aws_iot").as_posix() for path in (ROOT / "aws_iot/mqtt").glob("*.py")}
    assert len(files & named) > len(files) / 2
