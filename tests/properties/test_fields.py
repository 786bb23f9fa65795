"""The state of the engine, read from its source: who writes each field, and what no one replaces."""

import ast
import re
from collections import defaultdict

import pytest

from .test_arrows import FILES, dotted

# Where an object of these classes is called so; in its own file it is `self`.
_CLASSES = {
    "MQTTClient": ("mqtt", ("client", "mqtt", "self.client", "shadow.client", "self.thing.mqtt", "jobs.thing.mqtt")),
    "Shadow": ("shadow", ("shadow",)),
    "Jobs": ("jobs", ("jobs",)),
    "Thing": ("thing", ("thing",)),
}
_CHANGES = {"append", "clear", "extend", "insert", "pop", "remove", "update"}
_EVERYBODY = {"due", "out", "stats", "names", "scratch"}  # any file may want a turn, send, or count
TREES = {module: ast.parse(path.read_text()) for module, path in FILES.items()}


def _is(owner: str, module: str, node) -> bool:
    """Whether the expression is an object of that class."""
    home, names = _CLASSES[owner]
    text = dotted(node)
    return text in names and (module, text) != ("mqtt", "self") or (module == home and text == "self")


def _functions(module: str):
    for node in ast.walk(TREES[module]):
        if isinstance(node, (ast.AsyncFunctionDef, ast.FunctionDef)):
            yield node


def _own_nodes(function):
    """The nodes of a function, but not those of the functions in it."""
    todo = list(function.body)
    while todo:
        node = todo.pop()
        yield node
        todo += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.FunctionDef)]


def _changed(module: str, function, owner: str):
    """The fields of an object of this class that the function sets, or changes the contents of."""
    known = {}  # a local name -> the field that it stands for
    for node in _own_nodes(function):
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
            if isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(node.targets[0].elts, node.value.elts, strict=True))
            for target, value in pairs:
                if isinstance(target, ast.Name) and isinstance(value, ast.Attribute):
                    if _is(owner, module, value.value):
                        known[target.id] = value.attr

    def field(node):
        if isinstance(node, ast.Attribute) and _is(owner, module, node.value):
            return node.attr
        return known.get(node.id) if isinstance(node, ast.Name) else None

    for node in _own_nodes(function):
        found = None
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, (ast.Store, ast.Del)):
            found = field(node)
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del)):
            found = field(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES:
            found = field(node.func.value)
        if found:
            yield found


def _writers() -> dict:
    """For each field of a client the functions that write it, each as file.function."""
    writers = defaultdict(set)
    for module in FILES:
        for function in _functions(module):
            if (module, function.name) != ("mqtt.prepare", "prepare"):
                for field in _changed(module, function, "MQTTClient"):
                    name = "MQTTClient" if module == "mqtt" else module.rpartition(".")[2]
                    writers[field].add(f"{name}.{function.name}")
    return writers


def _legend() -> dict:
    """For each field of prepare.py, and of the class, the functions that stand in brackets beside it."""
    told, fields = {}, []
    for field, brackets in re.findall(r"^    (\w+) = .*#.*\[([^]]*)\]$", FILES["mqtt"].read_text(), re.M):
        told[field] = set(re.findall(r"[\w.]+", brackets))
    for line in FILES["mqtt.prepare"].read_text().partition("\ndef prepare(")[2].splitlines():
        fields = re.findall(r"client\.(\w+) = ", line.partition("#")[0]) or fields
        brackets = re.search(r"#.*\[([^]]*)\]$", line)
        for field in fields:
            told.setdefault(field, None)
            if brackets:
                told[field] = set(re.findall(r"[\w.]+", brackets[1]))
    return told


LEGEND, WRITERS = _legend(), _writers()


@pytest.mark.parametrize("field", LEGEND)
def test_who_writes_a_field_stands_beside_it(field):
    if field in _EVERYBODY:
        return
    told, found = LEGEND[field] or set(), WRITERS.get(field, set())
    short = {name.rpartition(".")[2] for name in found}
    assert not {name for name in found if not {name, name.rpartition(".")[2]} & told}, "not told"
    assert not told - found - short, "told, but they do not"


def test_every_field_of_a_client_is_in_prepare():
    elsewhere = {"port", "user", "pswd", "zerynth", "wait_ms"}
    assert set(WRITERS) - set(LEGEND) - elsewhere == set()


def test_a_subscription_s_state_is_changed_in_one_file():
    files = {
        module
        for module in FILES
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and dotted(node.slice) == "_STATE"
    }
    assert files == {"mqtt.subscribe"}


@pytest.mark.parametrize("owner", _CLASSES)
def test_no_method_of_a_living_object_is_replaced(owner):
    home = TREES[_CLASSES[owner][0]]
    methods = {
        node.name
        for each in home.body
        if isinstance(each, ast.ClassDef) and each.name == owner
        for node in each.body
        if isinstance(node, ast.FunctionDef)
    } | {"check_msg"}
    for module in FILES:
        for function in _functions(module):
            assert not set(_changed(module, function, owner)) & methods, f"{module}.{function.name}"
        setters = [node for node in ast.walk(TREES[module]) if isinstance(node, ast.Name) and node.id == "setattr"]
        # which complete classes: for an editor, and once, before a thread is started, by turns
        assert not setters or module in ("_cpython", "mqtt.background"), module
