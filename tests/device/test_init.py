"""aws_iot itself: a name is loaded when it is used, and what is borrowed is given back."""

import sys

from samples import raises

import aws_iot

_MICROPYTHON = sys.implementation.name == "micropython"
_CORE = ["mqtt", "packet", "shadow", "thing"]
_PLATFORM = ("_cpython", "transport")  # those that use them copy their names, and may drop them


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
    assert _fresh("from aws_iot import Thing") == _CORE


def test_a_client_alone_loads_less():
    assert _fresh("from aws_iot import MQTTClient") == ["mqtt", "packet"]


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
    for name in ("Nothing", "MQTT"):
        assert name in str(raises(AttributeError, getattr, aws_iot, name))
    assert "thing_" in str(raises(ImportError, getattr, aws_iot, "thing_"))  # it would be a file


def test_a_missing_part_is_named():
    assert "nothing" in str(raises(ImportError, aws_iot.borrow, "nothing"))


def test_borrowed_modules_are_given_back():
    for name in ("backoff", "topics", "control", "reserved", "backoff"):
        module = aws_iot.borrow(name)
        assert module.__name__ == "aws_iot." + name
        assert (("aws_iot." + name) in sys.modules) != _MICROPYTHON
        assert hasattr(module, "__file__")
    assert aws_iot.borrow("backoff").delay_ms(0, 0) == 1000


def test_borrowing_does_not_fill_the_heap():
    if not _MICROPYTHON:
        assert aws_iot.borrow("topics") is aws_iot.borrow("topics")
        return
    import gc

    for _ in range(3):
        aws_iot.borrow("topics").check_topic("t")
        gc.collect()
    before = gc.mem_alloc()
    for _ in range(20):
        aws_iot.borrow("topics").check_topic("t")
    gc.collect()
    assert gc.mem_alloc() - before < 512, gc.mem_alloc() - before


def test_what_a_running_function_borrowed_stays():
    # its own module is collected only after it has returned
    topics = aws_iot.borrow("topics")
    import gc

    gc.collect()
    aws_iot.borrow("control")
    gc.collect()
    assert topics.check_topic("a/b") == b"a/b"
    assert topics.check_filter("a/+") == "a/+"


def test_borrowed_functions_are_methods():
    class Owner:
        pass

    owner = Owner()
    owner.tell = None
    aws_iot.method(owner, "calls", "on_event")(print)
    assert owner.tell is print
    raises(AttributeError, aws_iot.method, owner, "calls", "nothing")
