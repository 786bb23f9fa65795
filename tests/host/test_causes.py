"""docs/troubleshooting.md: no cause of the library's is missing there, and none is there that no test provokes."""

import ast
import functools
import importlib.util
import re
import sys
from pathlib import Path

import pytest
from aws_iot_tools.board import causes
from aws_iot_tools.board.causes.row import pattern

from ..harness import ROOT

_LIBRARY = ROOT / "aws_iot"
_WORD = re.compile("[a-zA-Z]{2}")  # what has none is a date or an address that is filled in
# All that they say is a cause.
_WORDS = ("mqtt/cause.py", "mqtt/cause_tls.py", "mqtt/loss.py", "credentials.py", "web/refusal.py")
_MATCHED = "_TLS"  # the table of cause_tls.py: what it says, and behind it what others say
# Files whose errors go to the caller of what raises, and never end a link or an attempt.
_TO_THE_CALLER = {
    "__init__.py": "a name that is not there",
    "_cpython.py": "what MicroPython's modules raise; credentials.py has the words",
    "boot_trial.py": "before main.py",
    "care": "arguments of calls",
    "config.py": "from_config()",
    "construct.py": "Thing()",
    "document.py": "report(), publish()",
    "names.py": "a name that is not there",
    "own.py": "methods that keep a thing of one's own",
    "reserved.py": "arguments of calls",
    "shadow.py": "a message, to on_error",
    "shadow_calls.py": "the calls of a shadow",
    "shadow_pending.py": "report()",
    "shadow_refused.py": "a report, to on_error",
    "shadow_sync.py": "a report, to on_error",
    "thing.py": "arguments of calls",
    "topics.py": "arguments of calls",
    "zerynth.py": "arguments of calls",
    "fota": "a job",
    "jobs": "a job",
    "mqtt/background.py": "loop()",
    "mqtt/calls.py": "arguments of calls",
    "mqtt/connect.py": "connect(): it tells a cause, or that there was no attempt",
    "mqtt/drive.py": "run(), umqtt.simple's calls",
    "mqtt/group.py": "a message",
    "mqtt/outgoing.py": "publish()",
    "mqtt/packet.py": "what unusual.py has no words for: a topic that is no UTF-8",
    "mqtt/prepare.py": "the constructor",
    "mqtt/request.py": "the call that waits for an answer",
    "mqtt/subscriptions.py": "subscribe()",
    "web/calls.py": "a call by HTTPS",
    "web/door.py": "the constructor",
    "web/http.py": "a call by HTTPS",
    "web/https.py": "a download",
    "web/own.py": "keys(), of which keys.py tells",
    "web/redirect.py": "a download",
    "web/s3.py": "S3",
    "web/s3_refusal.py": "S3",
}
# Raised there, beside causes, to a caller.
_NO_CAUSE = {
    "mqtt/attempt.py": ("connack",),  # for which cause.py has the words
    "mqtt/control.py": ("longer than 65535 bytes",),
    "mqtt/tcp.py": ("tcp",),  # likewise
    "mqtt/unusual.py": ("queue full: %d messages wait for PUBACK",),
    "web/gateway.py": ("by HTTPS nothing can be subscribed to, only shadows: %s needs door mqtt or wss",),
    "web/key.py": ("public key: x and y, 64 bytes",),
    "web/link.py": ("no answer: %s",),  # connection.py has better words for its own
    "web/request.py": (  # of a download
        "the server answers %d and does not say where the file is",
        "the server sends from https:// to http://",
        "the server sends the file in chunks, without its size",
        "the server's file has not the %d bytes that the job names (Content-Range)",
        "the server's file has not the %d bytes that the job names (Content-Length)",
        "not an https:// URL",
        "URL",
    ),
}


_OF_ROWS = {text for row in causes.ROWS for text in (*row.said, *row.inside)}


class _Texts(ast.NodeVisitor):
    """The texts in what is visited, put together as far as the source says them: "%s" for what it does not."""

    def __init__(self, names: dict) -> None:
        self.names, self.found = names, []

    def fold(self, node) -> str | None:
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            return self.fold(node.left)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self.fold(node.left), self.fold(node.right)
            return None if left is None and right is None else f"{left or '%s'}{right or '%s'}"
        return None

    def visit(self, node) -> None:
        text = self.fold(node)
        if text is None:
            self.generic_visit(node)
            return
        self.found.append(text)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            self.visit(node.right)


def _names(nodes) -> dict:
    """{name: text} of what is assigned there once, and from nothing else."""
    texts, found = _Texts({}), {}
    for node in nodes:
        for each in ast.walk(node):
            if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
                found.setdefault(each.targets[0].id, []).append(texts.fold(each.value))
    return {name: values[0] for name, values in found.items() if len(values) == 1 and values[0] is not None}


def _without_docs(tree):
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [
                each for each in body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
            ]
    return tree


def _all_words(tree) -> set:
    """What a file of words can say: each of its texts with a blank in it."""
    texts = _Texts(_names(tree.body))
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == _MATCHED:
            for row in node.value.elts:
                texts.visit(row.elts[0])
        else:
            texts.visit(node)
    parts = {text for text in texts.names.values() if text.endswith(": ")}  # the beginnings of others
    return {text for text in texts.found if " " in text and (_WORD.search(text) or text in _OF_ROWS)} - parts


def _raised(tree) -> set:
    found = set()
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    outer = _names([node for node in tree.body if isinstance(node, ast.Assign)])
    for function in functions:
        texts = _Texts({**outer, **_names([function])})
        for node in ast.walk(function):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                for argument in node.exc.args:
                    found.add(texts.fold(argument) or "")
                    texts.visit(argument)
        found.update(text for text in texts.found if " " in text)
    return {text for text in found if _WORD.search(text) or text in _OF_ROWS}


def _said() -> set:
    """(file, text) of all that can become a cause."""
    found = set()
    for path in sorted(_LIBRARY.rglob("*.py")):
        name = path.relative_to(_LIBRARY).as_posix()
        tree = _without_docs(ast.parse(path.read_text()))
        if name in _WORDS:
            found |= {(name, text) for text in _all_words(tree)}
        elif name not in _TO_THE_CALLER and name.split("/")[0] not in _TO_THE_CALLER:
            found |= {(name, text) for text in _raised(tree) if text not in _NO_CAUSE.get(name, ())}
    return found


def test_every_cause_has_a_row():
    assert {each for each in _said() if each[1] not in _OF_ROWS} == set(), "write a row in tools/board/causes/"


def test_every_row_is_said():
    said = {text for _, text in _said()}
    assert _OF_ROWS - said == set()


def test_what_is_excepted_is_there():
    """Else a file that moved would be excepted, and another not."""
    assert [name for name in _TO_THE_CALLER if not (_LIBRARY / name).exists()] == []
    for name, texts in _NO_CAUSE.items():
        assert set(texts) <= _raised(_without_docs(ast.parse((_LIBRARY / name).read_text()))), name


def test_the_page_is_that_of_the_rows():
    assert (ROOT / causes.PAGE).read_text() == causes.page(), "make docs"


def test_each_anchor_is_one_and_is_a_heading():
    anchors = [row.anchor for row in causes.ROWS]
    assert len(set(anchors)) == len(anchors)


@functools.cache
def _heard(test: str) -> frozenset:
    """What the library said while a test of tests/device ran here: its errors, and what its files of words gave."""
    path, _, name = test.partition("::")
    spec = importlib.util.spec_from_file_location(f"heard_{Path(path).stem}", ROOT / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    said, words = set(), {str(_LIBRARY / file) for file in _WORDS}

    def trace(frame, event, value):
        if not frame.f_code.co_filename.startswith(str(_LIBRARY)):
            return None
        if event == "exception":
            said.add(str(value[1]))
        elif event == "return" and frame.f_code.co_filename in words:
            said.update(each for each in (value if isinstance(value, tuple) else (value,)) if isinstance(each, str))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        getattr(module, name)()
    finally:
        sys.settrace(before)
    return frozenset(said)


@pytest.mark.parametrize("row", causes.ROWS, ids=lambda row: row.anchor)
def test_each_cause_was_seen(row):
    """By the tests of tests/device that the row names; of others, that they are there."""
    heard, here = set(), True
    for test in row.shown_by:
        path, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(), test
        if path.startswith("tests/device/"):
            heard |= _heard(test)
        else:
            here = False
    if here:
        unheard = [said for said in row.said if not any(pattern(said).fullmatch(text) for text in heard)]
        assert unheard == [], "name the test that provokes it"


def _findings(*files: str) -> set:
    """What doctor's stages say when one fails: the texts of Sick, "%s" for what is filled in."""
    found = set()
    for file in files:
        for node in ast.walk(ast.parse((ROOT / "tools/board" / file).read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Sick" and node.args:
                found |= {_formatted(node.args[0])}
    return found - {""}


def _formatted(node) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(each.value) if isinstance(each, ast.Constant) else "%s" for each in node.values)
    return node.value if isinstance(node, ast.Constant) else ""


# What the project's own files or the board's lack; the finding says what to do.
_COMPLETE = ("%s: %s", "missing or not the project's", "the shadow's answer", "is the endpoint of another service")


def test_doctor_s_words_lead_to_a_row():
    findings = _findings("doctor.py", "doctor_board.py", "doctor_web.py")
    assert len(findings) > 12
    assert [text for text in findings if not causes.find(text) and not any(each in text for each in _COMPLETE)] == []


def test_a_cause_is_found_by_its_text():
    found = causes.find("closed before CONNACK: is the certificate active, is the key its own, does its policy allow"
                        " iot:Connect, is client id lamp_0 right?")  # fmt: skip
    assert found and found.anchor == "closed-before-connack"
    assert causes.find("h:8883 cannot be reached: refused").anchor == "cannot-be-reached"
    assert causes.find("nothing of the kind") is None
