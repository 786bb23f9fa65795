"""aws_iot itself: a name is loaded when it is used, and what is lent is given back."""

import os
import sys

from samples import folder, raises

import aws_iot

_MICROPYTHON = sys.implementation.name == "micropython"
_CORE = ["mqtt", "mqtt.packet", "shadow", "thing"]
# what is lent on a board, and on CPython the source of real methods
_LENT = [
    "care", "care.own", "construct", "mqtt.calls", "mqtt.prepare", "own", "shadow_calls", "web", "web.door", "web.own",
    "zerynth",
]  # fmt: skip
_PLATFORM = ("_cpython",)


def _loaded():
    """The files of aws_iot in memory."""
    names = [name[8:] for name in sys.modules if name.startswith("aws_iot.")]
    return sorted([name for name in names if name not in _PLATFORM])


def _fresh(statement):
    """What a new interpreter has loaded after ``statement``; this one has, in its own process, on MicroPython."""
    if _MICROPYTHON:
        exec(statement)
        return _loaded()
    import subprocess

    code = "import sys; %s; print([name[8:] for name in sys.modules if name.startswith('aws_iot.')])"
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code % statement], env=environment, capture_output=True, check=True)
    return sorted([name for name in eval(done.stdout) if name not in _PLATFORM])


def test_nothing_is_loaded_before_it_is_named():
    assert _fresh("import aws_iot") == []


def test_a_thing_loads_exactly_the_core():
    assert _fresh("from aws_iot import Thing") == (_CORE if _MICROPYTHON else sorted(_CORE + _LENT))


def test_a_client_alone_loads_less():
    loaded = _fresh("from aws_iot import MQTTClient")
    assert not [name for name in loaded if name not in ["mqtt", "mqtt.packet"] + ([] if _MICROPYTHON else _LENT)]


def test_names():
    from aws_iot import (
        IotError,
        LinkError,
        MQTTClient,
        ProtocolError,
        Rejected,
        ResponseTimeout,
        Shadow,
        StateError,
        Thing,
        load,
    )

    for kind in (LinkError, ProtocolError, Rejected, ResponseTimeout, StateError):
        assert issubclass(kind, IotError)
    assert callable(load) and Thing and Shadow and MQTTClient
    parts = aws_iot.__version__.split(".")
    assert len(parts) == 3 and all([part.isdigit() for part in parts])


def test_an_unknown_name_is_named():
    for name in ("Nothing", "MQTT", "thing_"):
        assert name in str(raises(AttributeError, getattr, aws_iot, name))


def test_a_missing_part_is_named():
    assert "aws_iot.mqtt.nothing" in str(raises(AttributeError, getattr, aws_iot.mqtt, "nothing"))


def test_what_a_lent_file_lacks_is_named():
    root = folder("lacking")
    os.mkdir(root + "/lacking")
    for name, text in (("__init__", ""), ("part", "import not_there")):
        with open("%s/lacking/%s.py" % (root, name), "w") as file:
            file.write(text)
    sys.path.append(root)
    try:
        assert "not_there" in str(raises(ImportError, aws_iot.lend, {"__name__": "lacking"}, "part"))
    finally:
        sys.path.remove(root)


def test_lent_files_are_given_back():
    for package, name in (
        (aws_iot.mqtt, "ending"),
        (aws_iot, "topics"),
        (aws_iot.mqtt, "control"),
        (aws_iot, "reserved"),
        (aws_iot.mqtt, "ending"),
    ):
        module = getattr(package, name)
        assert module.__name__ == package.__name__ + "." + name
        assert (module.__name__ in sys.modules) != _MICROPYTHON
        assert hasattr(module, "__file__")
    assert aws_iot.mqtt.ending.delay_ms(0, 0) == 1000


def test_lending_does_not_fill_the_heap():
    if not _MICROPYTHON:
        assert aws_iot.topics is aws_iot.topics
        return
    import gc

    for _ in range(3):
        aws_iot.topics.check_topic("t")
        gc.collect()
    before = gc.mem_alloc()
    for _ in range(20):
        aws_iot.topics.check_topic("t")
    gc.collect()
    assert gc.mem_alloc() - before < 512, gc.mem_alloc() - before


def test_what_a_running_function_was_lent_stays():
    # its own module is collected only after it has returned
    topics = aws_iot.topics
    import gc

    gc.collect()
    assert aws_iot.mqtt.control
    gc.collect()
    assert topics.check_topic("a/b") == b"a/b"
    assert topics.check_filter("a/+") == "a/+"


def test_lent_functions_are_methods():
    class Owner:
        pass

    owner = Owner()
    owner.tell = None
    aws_iot.method(owner, aws_iot.mqtt.calls, "on_event")(print)
    assert owner.tell is print
    raises(AttributeError, aws_iot.method, owner, aws_iot.mqtt.calls, "nothing")
    raises(AttributeError, aws_iot.method, owner, aws_iot.mqtt.calls, "event")  # it serves other files


def test_what_was_lent_stays_while_there_is_room():
    if not _MICROPYTHON:
        assert aws_iot.keep()
        return
    import gc

    gc.collect()
    assert aws_iot.mqtt.ending is aws_iot.mqtt.ending
    held = []
    while gc.mem_free() > 20000:
        held.append(bytearray(1000))
        gc.collect()
    assert not aws_iot.keep() and aws_iot.lent == []
    assert aws_iot.mqtt.ending is not aws_iot.mqtt.ending
    held.clear()
    gc.collect()
    assert aws_iot.keep() and aws_iot.mqtt.ending is aws_iot.mqtt.ending
