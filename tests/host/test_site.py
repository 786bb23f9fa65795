"""The site (`make docs`): strict, complete, with nothing from elsewhere, and true to the code that it is made of."""

import ast
import html
import re

import pytest
from aws_iot_tools.dev import reference, site
from aws_iot_tools.errors import ToolError
from aws_iot_tools.main import COMMANDS

import aws_iot

from ..benchmarks import bench
from ..harness import ROOT

_LIBRARY = ROOT / "aws_iot"
_FETCHED = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=[\"']?((?:https?:)?//[^\"'> ]+)")
_OURS = re.compile(r"`(thing(?!\.conf)(?:\.[a-z_]+)+)")


def _public():
    """The dotted name of each class, function and method of the stubs."""
    for stub in _LIBRARY.rglob("*.pyi"):
        module = ".".join(stub.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.parse(stub.read_text()).body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and not node.name.startswith("_"):
                yield f"{module}.{node.name}"
                for each in getattr(node, "body", ()):
                    if isinstance(each, ast.FunctionDef) and not each.name.startswith("_"):
                        yield f"{module}.{node.name}.{each.name}"


def _unexplained():
    """What the reference has no word for: classes, functions, methods, and fields that their class leaves out."""
    for stub in sorted(_LIBRARY.rglob("*.pyi")):
        for node in ast.parse(stub.read_text()).body:
            if not isinstance(node, (ast.ClassDef, ast.FunctionDef)) or node.name.startswith("_"):
                continue
            inner = node.body if isinstance(node, ast.ClassDef) else []
            methods = [each for each in inner if isinstance(each, ast.FunctionDef)]
            documented = [node, *(each for each in methods if not each.name.startswith("_"))]
            yield from (f"{stub.stem}.{node.name}: {each.name}" for each in documented if not ast.get_docstring(each))
            makers = [node, *(each for each in methods if each.name == "__init__")]
            said = " ".join(ast.get_docstring(each) or "" for each in makers)
            fields = [each for each in inner if isinstance(each, ast.AnnAssign) and "ClassVar" not in ast.unparse(each)]
            names = [each.target.id for each in fields]  # a constant says by its name what it is
            yield from (f"{stub.stem}.{node.name}: {name}" for name in names if not re.search(rf"`{name}\b", said))


def test_the_reference_explains_each_name():
    assert list(_unexplained()) == []


def test_the_site_is_whole_and_fetches_nothing_from_elsewhere(tmp_path):
    site.lay_out(tmp_path)
    site.build(tmp_path, tmp_path / "site")
    built = {path.relative_to(tmp_path / "site").as_posix(): path.read_text() for path in tmp_path.rglob("*.html")}
    pages = {re.sub(r"README\.md$", "index.md", page).removesuffix(".md") + ".html" for page in site.pages()}
    assert pages - set(built) == set()

    assert {page: found for page, text in built.items() if (found := _FETCHED.findall(text))} == {}
    styles = [path for path in tmp_path.rglob("*.css") if re.search(r"url\([\"']?(?:https?:)?//", path.read_text())]
    assert styles == []
    # the theme's script would fetch what draws these
    assert not [page for page, text in built.items() if 'class="mermaid"' in text or "data-md-component=source" in text]

    reference_text = "".join(text for page, text in built.items() if page.startswith("reference/"))
    names = list(_public())
    assert len(names) > 100 and [name for name in names if f'id="{name}"' not in reference_text] == []

    commands = html.unescape(re.sub(r"<[^>]+>", "", built["reference/commands.html"]))
    assert [name for name, row in COMMANDS.items() if f"Usage: thing {row[1] or name} " not in commands] == []
    assert "Usage: thing shadow set " in commands and "--port" in commands


def test_each_link_outside_is_listed_once():
    listed = list(site.outside())
    pages = "".join((ROOT / page).read_text() for page in site.pages())
    linked = set(re.findall(r"\]\((https?://[^)\s]+)\)", pages))
    assert len(linked) > 10 and linked - set(listed) == set() and listed == sorted(set(listed))


def test_every_event_that_the_library_tells_is_in_the_table():
    told = set()
    for path in _LIBRARY.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "call" and len(node.args) > 1:
                teller, event = node.args[:2]
                if getattr(teller, "attr", "") == "tell" and isinstance(event, ast.Constant):
                    told.add(event.value)
    assert told == set(reference.EVENTS)


def test_every_option_and_counter_is_in_the_table():
    assert [name for name, _, _ in reference.options()] == list(reference.OPTIONS)
    thing = aws_iot.Thing("e-ats.iot.eu-west-1.amazonaws.com", "c", door="https-sigv4", keys=lambda: None)
    assert list(thing.stats) == list(reference.COUNTERS)


# What a name of a thing leads to.
_STUBS = {"": "thing", "mqtt": "mqtt/__init__", "shadow": "shadow", "jobs": "jobs/__init__", "http": "web/http"}


def _members(stub: str) -> set:
    """What the last class of a stub has."""
    tree = ast.parse((_LIBRARY / f"{stub}.pyi").read_text())
    owner = [node for node in tree.body if isinstance(node, ast.ClassDef)][-1]
    fields = {node.target.id for node in owner.body if isinstance(node, ast.AnnAssign)}
    return fields | {node.name for node in owner.body if isinstance(node, ast.FunctionDef)}


def test_names_of_ours_in_the_tables_of_other_libraries_are_there():
    members = {name: _members(stub) for name, stub in _STUBS.items()}
    pages = [*sorted((ROOT / "docs").glob("from-*.md")), ROOT / "docs/beside-aws.md", ROOT / "docs/offline.md"]
    found = [(page.name, dotted.split(".")[1:]) for page in pages for dotted in _OURS.findall(page.read_text())]
    assert len(found) > 60
    wrong = [
        (page, names) for page, names in found
        if names[0] not in members[""] or len(names) > 1 and names[1] not in members[names[0]]
    ]  # fmt: skip
    assert wrong == []


@pytest.mark.docs
@pytest.mark.parametrize(
    ("page", "text", "words"),
    [
        ("docs/unlisted.md", "# A page\n", "not included in the"),
        ("docs/sleep.md", "# A page\n\n[nowhere](nothing.md)\n", "nothing.md"),
        ("docs/sleep.md", "# A page\n\n[nowhere](start.md#nothing)\n", "#nothing"),
    ],
)
def test_what_is_wrong_with_a_page_fails_the_build(page, text, words, tmp_path):
    site.lay_out(tmp_path)
    (tmp_path / "pages" / page).write_text(text)
    with pytest.raises(ToolError, match=words):
        site.build(tmp_path, tmp_path / "site")


@pytest.mark.docs
def test_names_of_aws_s_sdks_are_theirs():
    """A name that only looks like theirs would lead a reader astray."""
    names = ("awsiot", "awscrt", "AWSIoTPythonSDK")
    packages = [path for name in names for path in bench.environment().glob(f"**/site-packages/{name}")]
    assert len(packages) == 3
    source = "".join(path.read_text(errors="replace") for package in packages for path in package.rglob("*.py"))
    lines = [line for line in (ROOT / "docs/from-aws-sdk.md").read_text().splitlines() if line.startswith("|")]
    cells = [line.split(" | ")[0] for line in lines]
    names = {name for cell in cells for code in re.findall(r"`([^`]+)`", cell) for name in re.findall(r"\w{6,}", code)}
    assert len(names) > 25
    assert [name for name in names if not re.search(rf"\b{name}\b", source)] == []
