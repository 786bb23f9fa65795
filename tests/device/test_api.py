"""The names that a program uses: each is there, nothing else is, and what is misspelt is said."""

import sys

import test_tls
from peer import Peer
from samples import raises

import aws_iot
from aws_iot import LinkError, MQTTClient, Shadow, StateError, Thing
from aws_iot.jobs import Job, Jobs

_MICROPYTHON = sys.implementation.name == "micropython"
# What files that are lent import, and what they keep to themselves.
_HELPERS = (
    "aws_iot", "const", "urandom", "select", "ticks_add", "ticks_diff", "method", "reset", "share", "event",
    "prepare_shadow", "topics", "operation", "strings", "string", "start", "connecting", "PUBLISH",
)  # fmt: skip


def _thing(**options):
    return Thing("host", "id", test_tls._certificate(), test_tls._key(), **options)


def _owners():
    thing = _thing()
    return thing, thing.mqtt, thing.shadow, thing.jobs, Job(thing, "job")


def test_what_is_lent_is_there():
    thing, client, shadow, jobs, job = _owners()
    for owner, names in (
        (thing, "connect disconnect poll run loop_forever on_event on_error unsubscribe request named_shadow jobs"),
        (client, "on_tick loop on set_will set_username_pw reconnect close check_msg wait_msg ping set_callback"),
        (shadow, "report on_delta on_documents get update delete version reported name"),
        (jobs, "handle watch changed list start_next job"),
        (job, "describe update progress steps id jobid status version document details number error canceled"),
    ):
        for name in names.split():
            getattr(owner, name)


def test_a_misspelt_name_is_said():
    for owner, name, near in zip(
        _owners(),
        ("on_evnt", "set_wil", "on_detla", "hanlde", "progres"),
        ("Thing has no on_evnt: did you mean on_event?", "set_will?", "on_delta?", "handle?", "progress?"),
    ):
        text = str(raises(AttributeError, getattr, owner, name))
        assert text == name if _MICROPYTHON else near in text, text
        assert not hasattr(owner, name)
        assert getattr(owner, name, 7) == 7


def test_no_helper_is_a_method():
    for owner in _owners():
        for name in _HELPERS:
            assert not hasattr(owner, name) or hasattr(type(owner), name), (owner, name)


def test_a_name_that_begins_with_an_underscore_is_nobodys():
    for owner in _owners() + (aws_iot,):
        for name in ("_", "_x", "__enter__", "__all__", "_step_"):
            assert not hasattr(owner, name), (owner, name)


def test_a_misspelt_name_loads_what_it_is_looked_for_in_and_no_more():
    if not _MICROPYTHON:
        return  # nothing is lent
    thing = _thing()
    aws_iot.keep(1 << 30)
    assert aws_iot.lent == []
    assert not hasattr(thing, "on_evnt")
    assert [name for _, name in aws_iot.lent] == ["calls", "own"]


def test_the_root_has_no_other_names():
    for name in ("nothing", "Thng", "_x"):
        assert name in str(raises(AttributeError, getattr, aws_iot, name))
        assert not hasattr(aws_iot, name)
    assert not hasattr(aws_iot.mqtt, "nothing") and not hasattr(aws_iot.fota, "nothing")


def test_the_things_options_have_names_and_the_clients_have_umqtts_order():
    with Peer() as peer:
        client = peer.client(window=5)
        client.connect()
        thing = object.__new__(Thing)
        thing.mqtt = client
        for wrong in (lambda: thing.publish("t", b"x", 1), lambda: thing.subscribe("t", print, 1)):
            raises(TypeError, wrong)
        assert thing.publish("t", b"x", qos=1) == client.pid
        thing.publish("t", b"y", retain=True)
        client.publish("t", b"z", True)
        client.flush()
        heads = [head for head, _ in peer.sent if head & 0xF0 == 0x30]
        assert heads == [0x32, 0x31, 0x31]


def test_a_thing_takes_the_seeds_order_our_names_and_zerynths():
    certificate, key = test_tls._certificate(), test_tls._key()
    for thing in (
        Thing("host", "id", certificate, key, "name", certificate),
        Thing("host", client_id="id", certificate=certificate, key=key, thingname="name", ca=certificate),
        Thing("host", "id", certificate, key, thingname="name", cacert=certificate),
    ):
        assert (thing.mqtt.server, thing.mqtt.client_id, thing.thingname) == ("host", "id", "name")
    assert "certificate and key" in str(raises(ValueError, Thing, "host", "id"))
    assert "client id" in str(raises(ValueError, Thing, "host", None, certificate, key, "name"))


def test_a_thing_reports_and_hears_under_both_names():
    thing = _thing()
    thing.report({"a": 1})
    thing.update_shadow({"b": 2})
    assert thing.shadow.pending == {"a": 1, "b": 2}
    for method in (thing.on_delta, thing.on_shadow_request):
        method(print)
        assert thing.shadow.delta is print
        thing.shadow.delta = None


def test_a_thing_has_one_jobs():
    thing = _thing()
    jobs = thing.jobs
    assert isinstance(jobs, Jobs) and thing.jobs is jobs and jobs.timeout_ms is None
    assert "thing.jobs" in str(raises(StateError, Jobs, thing))
    thing = _thing()
    jobs = Jobs(thing, 500)
    assert thing.jobs is jobs


def test_the_cause_is_the_things():
    with Peer() as peer:
        client = peer.client()
        thing = object.__new__(Thing)
        thing.mqtt = client
        assert thing.cause is None
        peer.connack = 5
        raises(LinkError, client.connect)
        assert thing.cause == str(client.error) and "cause" not in thing.stats


def test_connect_ends_in_time():
    for options in ({"timeout": 2}, {"timeout_ms": 2000}):
        with Peer() as peer:
            client = peer.client(timeout_ms=60000)
            peer.silent = (0x10,)
            begin = client.ticks()
            raises(LinkError, lambda client=client, options=options: client.connect(**options))
            assert aws_iot.ticks_diff(client.ticks(), begin) == 2000, options


def test_an_editor_sees_what_there_is():
    if _MICROPYTHON:
        return  # on boards there is no room for it
    import inspect

    for kind, names in (
        (Thing, ("connect", "on_event", "jobs", "cause")), (MQTTClient, ("on_event", "loop", "set_will")),
        (Shadow, ("get", "on_delta")), (Jobs, ("handle", "list")), (Job, ("describe", "progress")),
    ):  # fmt: skip
        for name in names:
            assert name in dir(kind) and getattr(kind, name).__doc__, name
    assert list(inspect.signature(Thing).parameters)[:6] == [
        "endpoint", "client_id", "certificate", "key", "thingname", "ca",
    ]  # fmt: skip
    assert "queue_bytes" in inspect.signature(Thing).parameters
    assert str(inspect.signature(Thing.on_event)) == "(self, callback)"
    assert "Thing" in dir(aws_iot) and "gc" not in dir(aws_iot)
