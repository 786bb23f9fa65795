"""The arrows between the files of aws_iot, also those to lent files (``aws_iot.mqtt.loss.lost(...)``), from the source.

What imports a name takes it at once; what writes the full name is lent the file for that call. Both are arrows.
"""

import ast
import graphlib

import pytest

from tests.harness import ROOT

_LIBRARY = ROOT / "aws_iot"
_PACKAGES = ("mqtt", "jobs", "fota", "web", "care")
# Downwards: each file may know what stands in its own row or below.
_LAYERS = (
    ("thing", "construct", "config", "own"),
    ("fota",),
    ("web", "jobs", "care"),
    ("shadow", "shadow_calls", "shadow_pending", "shadow_refused", "shadow_sync"),
    ("mqtt",),
    ("boot", "boot_trial", "record"),
    ("chance", "document", "errors", "names", "credentials", "reserved", "roots", "topics", "wildcards", "zerynth"),
    ("_cpython", ""),
)
_PURE = (
    "errors", "fota.cbor", "fota.cbor_decode", "fota.images", "fota.signature", "fota.versions", "jobs.details",
    "mqtt.control", "mqtt.packet", "mqtt.unusual", "names", "credentials", "reserved", "roots", "topics",
    "web.redirect", "web.sigv4", "wildcards",
)  # fmt: skip
# Arrows that point upwards or close a circle, each with its reason.
_UPWARDS = {
    ("_cpython", "web.door"): "what inspect tells of a Thing, by names that no board is to have in its heap",
    ("_cpython", "care.own"): "the same",
    ("mqtt.tls", "web.key"): "what few things have, a key in a chip, is not in the folder of the engine",
    ("web.own", "config"): "which role alias a thing has, thing.conf.json says",
    ("fota.slots", "fota.bundle"): "a slot of files lends what knows bundles, which tells by the slot's own header",
    ("fota.slots", "fota.partition"): "default() finds the slot that fits the board, of either kind",
}
# Where a file looks for what it has not itself: the root on CPython, calls.py for a thing.
_ELSE = {"": "_cpython", "mqtt.calls": "zerynth"}
_IMPURE = {"asyncio", "machine", "os", "random", "select", "socket", "ssl", "time", "tls"}
_PLATFORM = {"select", "socket", "sleep_ms", "ticks_ms"}  # what the root hands on


def _module(path) -> str:
    """``mqtt.loss`` for aws_iot/mqtt/loss.py, ``mqtt`` for its ``__init__``, "" for the root."""
    parts = path.relative_to(_LIBRARY).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


FILES = {_module(path): path for path in sorted(_LIBRARY.rglob("*.py"))}


def _file_of(name: str) -> str:
    """The file in which a dotted name below aws_iot is found: the longest part of it that is one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        if ".".join(parts[:length]) in FILES:
            return ".".join(parts[:length])
    return ""


def _absolute(module: str, node: ast.ImportFrom) -> str | None:
    """What ``from X import`` names, below aws_iot; None when it is somebody else's."""
    if not node.level:
        name = node.module or ""
        return name[8:] if name.startswith("aws_iot.") else "" if name == "aws_iot" else None
    package = module if module in _PACKAGES or not module else module.rpartition(".")[0]
    for _ in range(node.level - 1):
        package = package.rpartition(".")[0]
    return ".".join(filter(None, (package, node.module)))


def dotted(node) -> str | None:
    """``aws_iot.mqtt.loss`` as text."""
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return owner and f"{owner}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else None


def _tools_only(node) -> bool:
    return isinstance(node, ast.If) and dotted(node.test) == "TYPE_CHECKING"


def _nodes(tree):
    """All nodes but those under ``if TYPE_CHECKING``."""
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        todo += [child for child in ast.iter_child_nodes(node) if not _tools_only(child)]


def arrows(module: str) -> set:
    """The files that this one imports or is lent."""
    found = set()
    for node in _nodes(ast.parse(FILES[module].read_text())):
        if isinstance(node, ast.ImportFrom):
            base = _absolute(module, node)
            if base is not None:
                found |= {_file_of(f"{base}.{alias.name}".strip(".")) for alias in node.names}
        elif isinstance(node, ast.Attribute):
            name = dotted(node)
            if name and name.startswith("aws_iot."):
                found.add(_file_of(name[8:]))
    # of a longer name, its shorter parts are attributes as well
    return {name for name in found if not any(other.startswith(name + ".") for other in found)} - {module, ""}


ARROWS = {module: arrows(module) for module in FILES if module}


def _layer(module: str) -> int:
    top = module.partition(".")[0]
    return next(index for index, names in enumerate(_LAYERS) if top in names)


@pytest.mark.parametrize("module", ARROWS)
def test_arrows_point_downwards(module):
    upwards = [target for target in ARROWS[module] if _layer(target) < _layer(module)]
    upwards = [target for target in upwards if (module, target) not in _UPWARDS]
    assert not upwards, f"{module} knows {upwards}"


def test_there_is_no_circle():
    """A package's files may be lent by its ``__init__`` and know its class; else each circle has its reason above."""
    graph = {
        module: {target for target in targets if target not in _PACKAGES and (module, target) not in _UPWARDS}
        for module, targets in ARROWS.items()
    }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("module", _PURE)
def test_what_is_pure_does_no_io_and_reads_no_clock(module):
    for node in _nodes(ast.parse(FILES[module].read_text())):
        if isinstance(node, ast.Import):
            assert not {alias.name for alias in node.names} & _IMPURE
        elif isinstance(node, ast.ImportFrom):
            assert node.module not in _IMPURE
            if _absolute(module, node) == "":
                assert not {alias.name for alias in node.names} & _PLATFORM


def _defined(module: str) -> set:
    """The names that a file gives, wherever in it they are given."""
    found = set()
    for node in ast.walk(ast.parse(FILES[module].read_text())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found | (_defined(_ELSE[module]) if module in _ELSE else set())


@pytest.mark.parametrize("module", FILES)
def test_what_is_lent_is_there(module):
    """mypy cannot tell: for it a package's ``__getattr__`` may give whatever file is asked for."""
    wrong = []
    for node in ast.walk(ast.parse(FILES[module].read_text())):
        name = dotted(node) if isinstance(node, ast.Attribute) else None
        if name and name.startswith("aws_iot."):
            file = _file_of(name[8:])
            rest = name[8:].removeprefix(file).lstrip(".")
            if rest and rest.partition(".")[0] not in _defined(file):
                wrong.append(name)
    assert not wrong


def test_no_reason_outlives_its_arrow():
    assert [pair for pair in _UPWARDS if pair[1] not in ARROWS[pair[0]]] == []


def test_no_folder_is_crowded():
    for folder in {path.parent for path in FILES.values()}:
        assert len(list(folder.glob("*.py"))) <= 24, folder
