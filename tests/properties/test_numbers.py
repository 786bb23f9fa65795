"""Numbers that stand in more than one file are the same in each, unless they are of different things.

mpy-cross folds a `const()` into the file that it stands in: one that is imported would take a name, and so heap.
"""

import ast
from collections import defaultdict

import pytest

from tests.harness import ROOT

# Of the same name, and of something else than in the other files.
_OF_ITS_OWN = {
    ("fota.bundle", "_HEADER_BYTES"): "a bundle's list of files; elsewhere the head of an HTTP answer",
    ("fota.bundle", "_PIECE_BYTES"): "by which that list is taken in; elsewhere by which a head is read",
    ("fota.download", "_TRIES"): "connections that bring nothing; elsewhere requests",
    ("fota.streams", "_LARGEST"): "a block of a file; elsewhere a whole packet",
    ("fota.streams", "_TRIES"): "requests for blocks; elsewhere for a shadow",
    ("fota.trial", "_STEP_MS"): "a wait of Zerynth's one call for all jobs; elsewhere the longest single wait",
    ("fota.verify", "_PAUSE_MS"): "before a fresh URL is asked for again; elsewhere before the next job is",
    ("jobs.engine", "_REMEMBERED"): "jobs that are over; elsewhere topics",
    ("jobs.engine", "_SOON_MS"): "before a refused update is made again; elsewhere before a shadow is looked at again",
    ("mqtt.request", "_TURN_MS"): "a wait for an answer; elsewhere for a socket that a thread may want",
}


def _constants(path) -> dict:
    """What is given a name at the top of a file, as far as it can be told without the rest of the file."""
    found = {}
    for statement in ast.parse(path.read_text()).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            try:
                expression = compile(ast.Expression(statement.value), path, "eval")
                found[statement.targets[0].id] = eval(expression, {"const": int})
            except (NameError, TypeError):
                pass
    return found


def _numbers() -> dict:
    """{name: {module: number}} of the library."""
    found = defaultdict(dict)
    for path in sorted((ROOT / "aws_iot").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT / "aws_iot").with_suffix("").parts).removesuffix(".__init__")
        for name, value in _constants(path).items():
            if isinstance(value, int):
                found[name][module] = value
    return found


NUMBERS = _numbers()
_TWICE = [name for name, where in NUMBERS.items() if len(where) > 1]


def test_what_stands_twice_is_found():
    assert {"mqtt", "mqtt.calls", "mqtt.connect", "mqtt.drive"} <= set(NUMBERS["_STEP_MS"])
    assert len(_TWICE) > 10, _TWICE


@pytest.mark.parametrize("name", _TWICE)
def test_a_number_that_stands_twice_is_the_same(name):
    shared = {module: value for module, value in NUMBERS[name].items() if (module, name) not in _OF_ITS_OWN}
    assert len(set(shared.values())) <= 1, f"{name} is {shared}: the same, another name, or a line in _OF_ITS_OWN"


@pytest.mark.parametrize("module, name", _OF_ITS_OWN)
def test_what_is_of_its_own_differs(module, name):
    others = {value for where, value in NUMBERS[name].items() if where != module}
    assert others - {NUMBERS[name][module]}, f"{name} of {module} needs no line here any more"


def _in(pattern) -> dict:
    """The constants of the one file of this pattern."""
    (path,) = ROOT.glob(pattern)
    return _constants(path)


_BUNDLE, _PARTITION, _CONFIG = (_in(f"aws_iot/{name}.py") for name in ("fota/bundle", "fota/partition", "config"))
_FIRMWARE, _PROJECT = _in("tools/**/firmware.py"), _in("tools/**/project.py")


@pytest.mark.parametrize(
    "of_library, of_tools",
    [
        (_BUNDLE["_FIRST_LINE"], _FIRMWARE["_BUNDLE_MAGIC"]),
        (_PARTITION["_MAGIC"], _FIRMWARE["_IMAGE_MAGIC"]),
        (_CONFIG["_ZERYNTH"], _PROJECT["_SAME"]),
        (_CONFIG["_FILES"][:2], (("certificate", _PROJECT["CERTIFICATE"]), ("key", _PROJECT["KEY"]))),
    ],
)
def test_library_and_tools_mean_the_same_file(of_library, of_tools):
    assert of_library == of_tools


def test_what_is_made_of_other_numbers():
    """The largest packet: topic and payload as AWS takes them, and what MQTT has around these."""
    payload, topic = NUMBERS["_PAYLOAD"]["mqtt"], NUMBERS["_MAX_BYTES"]["topics"]
    assert NUMBERS["_LARGEST"] == {"mqtt.unusual": payload + topic + 32, "fota.streams": payload}
