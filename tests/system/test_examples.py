"""Each example runs as it is on 32-bit MicroPython with an ESP32's heap, and does what its first line says."""

import json
import time

import pytest
from aws_iot_tools.things.policy import OWN_TREE, Additions

from tests.harness import ROOT
from tests.harness.observer import Observer
from tests.harness.project import write_project
from tests.harness.relay import Relay

from . import keys
from .conftest import desire, document, ministack_site, mosquitto_site, reported

_HEAP = "112k"

pytestmark = pytest.mark.runtimes("mp32")


@pytest.fixture
def start(launch):
    """Starts examples/<folder>/main.py in a project's folder; it ends with the test."""

    def run(folder: str, configuration, script=None):
        return launch(script or ROOT / "examples" / folder / "main.py", heap=_HEAP, cwd=configuration.parent)

    return run


def prints(process, beginning: str) -> str:
    def wanted(event):
        return event["event"] == "print" and event["text"].startswith(beginning)

    return process.expect_that(wanted, description=f"line that begins with {beginning}")["text"]


def test_publish_period(ministack, start, cloud, name, tmp_path):
    process = start("publish_period", ministack_site(ministack).project(tmp_path, name))
    prints(process, "connected")
    reported(cloud, name, {"publish_period": 2000})
    desire(cloud, name, {"publish_period": 150})
    prints(process, "requested publish period: 150")
    reported(cloud, name, {"publish_period": 150})
    prints(process, "sample")
    begun = process.events[-1]["at_s"]
    for _ in range(20):
        prints(process, "sample")
    assert process.events[-1]["at_s"] - begun < 30, "40 s at the period before"
    desire(cloud, name, {"publish_period": "often"})
    prints(process, "refused")
    assert document(cloud, name)["state"]["reported"] == {"publish_period": 150}


def test_telemetry_loses_no_sample_while_offline(mosquitto_tls12, start, name, tmp_path):
    site = mosquitto_site(mosquitto_tls12)
    base = f"dt/{name}/"
    with Relay(site.port) as relay, Observer(mosquitto_tls12.plain_port, base + "#", client_id=name + "-o") as observer:
        site.port = relay.port
        process = start("telemetry", site.project(tmp_path, name))
        assert json.loads(observer.expect(base + "status").payload)["online"] is True
        observer.expect(base + "samples")
        relay.cut()
        assert json.loads(observer.expect(base + "status").payload)["online"] is False
        prints(process, "disconnected")
        time.sleep(2.5)
        relay.restore()
        assert json.loads(observer.expect(base + "status").payload)["online"] is True
        numbers = []
        while not numbers or max(numbers) < 6:
            observer.expect(base + "samples")
            numbers = [json.loads(message.payload)["n"] for message in observer.messages
                       if message.topic == base + "samples"]  # fmt: skip
        assert set(numbers) == set(range(1, max(numbers) + 1))


def test_named_shadow(ministack, start, cloud, name, tmp_path):
    configuration = ministack_site(ministack).project(tmp_path, name)
    first = start("named_shadow", configuration)
    prints(first, "start 1 is version 1")
    reported(cloud, name, {"starts": 1, "threshold": 20, "unit": "C"}, "config")
    desire(cloud, name, {"threshold": 30, "unit": 5}, "config")
    prints(first, "refused: unit 5")
    reported(cloud, name, {"starts": 1, "threshold": 30, "unit": "C"}, "config")
    first.stop()
    prints(start("named_shadow", configuration), "start 2")


def test_async_app_goes_on_while_offline(ministack, start, cloud, name, tmp_path):
    thing = ministack.make_thing(name)
    with Relay(ministack.port) as relay:
        process = start(
            "async_app", write_project(tmp_path, name, relay.port, thing.certificate, thing.key, ministack.ca)
        )
        desire(cloud, name, {"blink_ms": 20})
        prints(process, "blink every 20 ms")
        reported(cloud, name, {"blink_ms": 20})
        relay.cut()
        blinks = int(prints(process, "offline").split()[2])
        assert int(prints(process, "offline").split()[2]) > blinks, "2 s later, still offline"
        relay.restore()
        prints(process, "blinks")


def test_device_advisor_stays_connected(ministack, start, cloud, name, tmp_path):
    """What it does the things' own policy allows, and its retained message what `thing policy add --retain` adds."""
    thing = ministack.make_thing(name, additions=Additions(retain=(OWN_TREE,)))
    process = start(
        "device_advisor", write_project(tmp_path, name, ministack.port, thing.certificate, thing.key, ministack.ca)
    )
    prints(process, "ready")
    desire(cloud, name, {"anything": [1]})
    reported(cloud, name, {"status": "online", "anything": [1]})
    assert not any(event.get("text", "").startswith("disconnected") for event in process.events)


def _zerynth_style(configuration, port: int):
    """Zerynth's load() has no word for the port and CA of a local AWS: they are added to the call."""
    source = (ROOT / "examples" / "zerynth_style" / "main.py").read_text()
    local = f'clicert, pkey, cacert=open("ca.pem").read(), port={port})'
    assert "Thing(endpoint, mqttid, clicert, pkey)" in source
    script = configuration.with_name("main.py")
    script.write_text(source.replace("clicert, pkey)", local))
    return script


def test_zerynth_style(ministack, start, cloud, name, tmp_path):
    configuration = ministack_site(ministack).project(tmp_path, name)
    process = start("zerynth_style", configuration, _zerynth_style(configuration, ministack.port))
    prints(process, "publish random sample...")
    reported(cloud, name, {"publish_period": 1000})
    desire(cloud, name, {"publish_period": 100})
    prints(process, "requested publish period: 100")
    reported(cloud, name, {"publish_period": 100})
    for wrong in ("soon", 0, [1]):
        desire(cloud, name, {"publish_period": wrong})
        prints(process, "refused")
    prints(process, "publish random sample...")
    assert document(cloud, name)["state"]["reported"] == {"publish_period": 100}


@pytest.fixture
def with_keys(front, provider, ministack, authority, name, tmp_path):
    """thing.conf.json of a thing behind door wss, with a role alias."""
    return keys.project(tmp_path / name, name, ministack, authority, front.port, provider)


def test_behind_a_firewall(with_keys, start, front, cloud, name):
    process = start("behind_a_firewall", with_keys)
    prints(process, "ready")
    reported(cloud, name, {"door": "wss"})
    desire(cloud, name, {"led": 1})
    prints(process, "desired: {'led': 1}")
    reported(cloud, name, {"door": "wss", "led": 1})
    front.cut()
    prints(process, "disconnected")
    front.restore()
    prints(process, "ready")


def test_s3_upload(with_keys, start, front, cloud, ministack, provider, name):
    """The bucket is one of the local AWS, and so is S3: they are added to the program. What S3 refused goes later."""
    source = (ROOT / "examples" / "s3_upload" / "main.py").read_text()
    assert '"my-logs"' in source and "S3(thing)" in source
    script = with_keys.with_name("main.py")
    source = source.replace('"my-logs"', f'"{keys.BUCKET}"')
    script.write_text(source.replace("S3(thing)", f'S3(thing, server="localhost:{front.port}")'))
    front.cut()
    process = start("s3_upload", with_keys, script)
    prints(process, "not uploaded:")
    front.restore()
    _, key, size = prints(process, "uploaded").split()
    stored = ministack.client("s3").get_object(Bucket=keys.BUCKET, Key=key)["Body"].read()
    assert key.startswith(name + "/") and len(stored) == int(size) and stored.count(b"\n") >= 40
    reported(cloud, name, {"log": key, "bytes": int(size)})


def test_examples_begin_without_a_network(ministack, start, cloud, name, tmp_path):
    """Those that ask something of AWS before their loop: with the router or AWS away at the start they go on trying."""
    thing = ministack.make_thing(name)
    with Relay(ministack.port) as relay:
        relay.cut()
        configuration = write_project(tmp_path, name, relay.port, thing.certificate, thing.key, ministack.ca)
        process = start("named_shadow", configuration)
        prints(process, "not counted yet")
        relay.restore()
        prints(process, "start 1 is version 1")
        process.stop()
        relay.cut()
        script = _zerynth_style(configuration, relay.port)
        process = start("zerynth_style", configuration, script)
        prints(process, "not yet")
        prints(process, "offline")
        relay.restore()
        reported(cloud, name, {"publish_period": 1000})
