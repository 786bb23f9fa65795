"""MQTT by mutual TLS against Mosquitto: what is published, subscribed, kept and announced, in TLS 1.3 and 1.2."""

import json
import time

import pytest

from tests.harness.observer import Observer

from .conftest import mosquitto_site


@pytest.fixture(params=["tls1.3", "tls1.2"])
def broker(request):
    return request.getfixturevalue("mosquitto" if request.param == "tls1.3" else "mosquitto_tls12")


@pytest.fixture
def configuration(broker, name, tmp_path):
    return mosquitto_site(broker).project(tmp_path, name)


@pytest.fixture
def observe(broker):
    """Makes observers on the plain listener: observe(filter, ...); they end with the test."""
    running = []

    def make(*filters: str) -> Observer:
        observer = Observer(broker.plain_port, *filters, client_id=f"observer-{len(running)}-{time.monotonic_ns()}")
        running.append(observer)
        return observer

    yield make
    for observer in running:
        observer.stop()


@pytest.mark.parametrize("kind", ["P-256", "RSA-2048"])
@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_keys_and_certificates_of_all_kinds_are_taken(broker, devices, name, tmp_path, kind, form):
    device = devices(mosquitto_site(broker, kind, form).project(tmp_path, name), ready=False)
    assert device.expect("connected")["value"] is False


@pytest.mark.runtimes("mp64", "mp32")
def test_the_newest_tls_that_both_know_is_spoken(mosquitto, devices, name, tmp_path):
    device = devices(mosquitto_site(mosquitto).project(tmp_path, name))
    knows = "TLS1-3" in str(device.ask("thing.mqtt.context.get_ciphers()"))
    assert device.ask("thing.mqtt.stream.cipher()[1]") == ("TLSv1.3" if knows and mosquitto.tls == "1.3" else "TLSv1.2")


@pytest.mark.needs("ffi")  # to ask the kernel with
def test_small_packets_do_not_wait_for_acknowledgements_of_earlier_ones(configuration, devices):
    """TCP_NODELAY, on the first connection and on the next."""
    device = devices(configuration)
    device.ask("from socket_options import nodelay")
    assert device.ask("nodelay(thing.mqtt.raw)") is True
    device.ask("thing.disconnect()\nthing.connect()")
    assert device.ask("nodelay(thing.mqtt.raw)") is True


def test_messages_pass_both_ways_at_both_qos(configuration, devices, observe, name):
    observer, device = observe(f"{name}/up/#"), devices(configuration)
    device.ask(f"thing.subscribe('{name}/down/+', hear)")
    device.ask(f"thing.publish('{name}/up/0', 'zero')")
    device.ask(f"thing.publish('{name}/up/1', {{'one': [1, None, '\u20ac']}}, qos=1)")
    assert observer.expect(f"{name}/up/0").payload == b"zero"
    message = observer.expect(f"{name}/up/1")
    assert (json.loads(message.payload), message.qos) == ({"one": [1, None, "\u20ac"]}, 1)
    observer.publish(f"{name}/down/0", "null", 0)
    observer.publish(f"{name}/down/1", "eins", 1)
    assert device.expect("message")["payload"] == "null"
    assert device.expect("message")["payload"] == "eins"


def test_each_message_goes_to_the_handler_of_its_filter(configuration, devices, observe, name):
    device, observer = devices(configuration), observe()
    handler = "lambda topic, payload: emit('heard', by='{0}', topic=topic)"
    for filter in ("a/b", "a/+", "c/#"):
        device.ask(f"thing.subscribe('{name}/{filter}', {handler.format(filter)})")
    for topic, by in (("a/b", "a/b"), ("a/x", "a/+"), ("c/d/e", "c/#")):
        observer.publish(f"{name}/{topic}")
        # a server may send one copy for each filter that matches (section 3.3.5), as Mosquitto 2.1 does
        assert device.expect("heard", topic=f"{name}/{topic}")["by"] == by
    device.ask(f"thing.unsubscribe('{name}/c/#')")
    observer.publish(f"{name}/c/d")
    assert not [event for event in device.settle(0.3) if event["event"] == "heard"]


def test_what_several_filters_take_is_heard_once_by_each(configuration, devices, observe, name):
    """Mosquitto 2.0 sends one message for all filters, 2.1 one for each (section 3.3.5): tests/faults plays both."""
    device, observer = devices(configuration), observe()
    filters = ["a/b", "#", "a/+"]
    for filter in filters:
        heard = f"lambda topic, payload: emit('heard', by='{filter}', what=payload.decode())"
        device.ask(f"thing.subscribe('{name}/{filter}', {heard})")
    for number in range(4):
        observer.publish(f"{name}/a/b", str(number), 1)
    heard = [device.expect("heard") for _ in range(4 * len(filters))]
    assert [(event["what"], event["by"]) for event in heard] == [(str(n), by) for n in range(4) for by in filters]
    assert not [event for event in device.settle(0.3) if event["event"] == "heard"]
    assert device.ask("thing.stats['received']") in (4, 12)


def test_retained_messages_are_set_and_received(configuration, devices, observe, name):
    device = devices(configuration)
    device.ask(f"thing.publish('{name}/state', 'on', qos=1, retain=True)")
    device.ask("until(settled)")
    message = observe(f"{name}/state").expect(f"{name}/state")
    assert (message.payload, message.retain) == (b"on", True)
    device.ask(f"thing.subscribe('{name}/state', hear)")
    assert device.expect("message")["payload"] == "on"


def test_the_last_will_is_published_when_the_device_dies_and_not_when_it_leaves(configuration, devices, observe, name):
    observer = observe(f"{name}/gone")
    for leave in (True, False):
        device = devices(configuration, ready=False)
        device.ask("thing.disconnect()")
        device.ask(f"thing.mqtt.set_last_will('{name}/gone', 'yes', qos=1)\nthing.connect()")
        if leave:
            device.ask("thing.disconnect()")
        device.stop()
    assert observer.expect(f"{name}/gone").payload == b"yes"
    assert len(observer.all()) == 1


def test_a_kept_session_delivers_what_came_meanwhile_without_subscribing_again(configuration, devices, observe, name):
    device, observer = devices(configuration, clean_session=False), observe()
    device.ask(f"thing.subscribe('{name}/down', hear)")
    device.ask("thing.disconnect()")
    observer.publish(f"{name}/down", "while away")
    assert device.ask("thing.connect()") is True
    assert device.expect("message")["payload"] == "while away"
    device.ask("thing.disconnect()\nthing.connect(clean_session=True)\nthing.disconnect()")


def test_the_link_is_kept_alive_by_pings(configuration, devices):
    device = devices(configuration, keepalive=4)  # seconds: time enough for a machine that is busy
    for _ in range(2):
        device.expect("pingresp")
    assert device.ask("thing.stats['connects']") == 1


@pytest.mark.parametrize("size", [4000, 131072])
def test_large_payloads_pass_both_ways(broker, configuration, runtime, devices, observe, name, size):
    observer = observe(f"{name}/up")
    # Both directions, and the packet itself, stand in the heap at once.
    heap = None if runtime.name == "cpython" else f"{160 + size * 6 // 1024}k"
    device = devices(configuration, heap=heap, queue_bytes=size + 500)
    device.ask(f"thing.publish('{name}/up', b'x' * {size}, qos=1)")
    assert observer.expect(f"{name}/up").payload == b"x" * size
    device.ask(f"thing.subscribe('{name}/down', lambda topic, payload: emit('size', size=len(payload)))")
    observer.publish(f"{name}/down", b"y" * size)
    assert device.expect("size")["size"] == size


def test_two_devices_with_one_client_id_back_off_and_say_why(mosquitto, devices, name, tmp_path):
    configuration = mosquitto_site(mosquitto).project(tmp_path, name)
    first, second = [devices(configuration, ready=False, sleepless=True) for _ in range(2)]
    first.expect_that(lambda event: event["event"] == "disconnected" and "client id" in event["value"], 120)
    second.settle(0)
    connects = sum(event["event"] == "connected" for device in (first, second) for event in device.events)
    assert connects <= 14, "the two devices fight without backing off"


def test_two_hundred_deltas_whose_callback_publishes(configuration, runtime, devices, observe, name):
    observer = observe(f"{name}/#", f"$aws/things/{name}/shadow/update")
    # Behind a busy broker all 200 may wait for PUBACK, in a list that grows in one piece.
    device = devices(configuration, heap=None if runtime.name == "cpython" else "320k")
    device.ask(
        f"def delta(state):\n thing.publish('{name}/echo', state, qos=1)\n return state\nthing.on_shadow_request(delta)"
    )
    for number in range(1, 201):
        document = {"version": number, "timestamp": 1700000000 + number, "state": {"n": number}}
        observer.publish(f"$aws/things/{name}/shadow/update/delta", json.dumps(document))
    echoes = [json.loads(observer.expect(f"{name}/echo").payload)["n"] for _ in range(200)]
    assert sorted(set(echoes)) == list(range(1, 201))
    update = f"$aws/things/{name}/shadow/update"

    def reported() -> list:
        return [json.loads(message.payload)["state"]["reported"]["n"] for message in observer.messages
                if message.topic == update]  # fmt: skip

    while 200 not in reported():
        observer.expect(update)
    device.ask("until(settled)")
    observer.all()
    assert reported()[-1] == 200
    assert device.ask("thing.stats['connects']") == 1
