"""Brings the docstrings of the stubs (aws_iot/**/*.pyi) up to those of the code, which an editor cannot find by itself.

A stub's names and types are written by hand, and stubtest proves them; what a name means is written once, in the code.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..cache import ROOT

_STANDINS = ROOT / "tests" / "harness" / "standins"  # for the esp32 module that a slot imports
_INDENT = "    "


def stubs() -> dict[Path, str]:
    """{path of each stub: what it should contain}."""
    if str(_STANDINS) not in sys.path:
        sys.path.append(str(_STANDINS))
    return {path: _completed(path) for path in sorted((ROOT / "aws_iot").rglob("*.pyi"))}


def _completed(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    tree = ast.parse(path.read_text())
    _fill(tree, importlib.import_module(name), 0, path.stem != "__init__")
    return _ruff(path, "check", "--select", "I", "--fix", text=_ruff(path, "format", text=ast.unparse(tree)))


def _ruff(path: Path, *command: str, text: str) -> str:
    words: list[str | Path] = [
        Path(sys.executable).with_name("ruff"),
        *command,
        "--quiet",
        "--stdin-filename",
        path,
        "-",
    ]
    return subprocess.run(words, input=text, stdout=subprocess.PIPE, text=True, cwd=ROOT, check=True).stdout


def _fill(node: Any, owner: Any, depth: int = 0, documented: bool = True) -> None:
    """Give node, and what is defined in it, the docstrings of owner and of what it has by the same names.

    Not that of a package, which tells of its files.
    """
    own = "" if owner.__doc__ == object.__init__.__doc__ or not documented else owner.__doc__
    _document(node, inspect.cleandoc(own or ""), depth)
    for child in node.body:
        if isinstance(child, (ast.ClassDef, ast.FunctionDef)):
            _fill(child, getattr(owner, child.name), depth + 1)


def _document(node: Any, doc: str, depth: int) -> None:
    if node.body and isinstance(node.body[0], ast.Expr):
        del node.body[0]  # the docstring that was there, or "..."
    if doc:
        indent = _INDENT * depth
        lines = [line and indent + line for line in doc.split("\n")]
        text = "\n".join(lines).strip() + ("\n" + indent if len(lines) > 1 else "")
        node.body.insert(0, ast.Expr(ast.Constant(text)))
    elif not node.body and depth:
        node.body.append(ast.Expr(ast.Constant(...)))


def main() -> int:
    """Write them; with --check, say which are not up to date."""
    stale = {path: content for path, content in stubs().items() if path.read_text() != content}
    if "--check" not in sys.argv:
        for path, content in stale.items():
            path.write_text(content)
        return 0
    for path in stale:
        print(f"{path.relative_to(ROOT)}: its docstrings are not those of the code: run `make stubs`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
