"""HTTPS, a call at a time and as the door of a whole Thing: with a certificate before the local AWS, and with keys,
whose signatures that checks.
"""

import json

import pytest

from tests.harness import ROOT, program
from tests.harness.board_tls import server_context
from tests.harness.front import CertificateFront
from tests.harness.ministack import ACCOUNT, REGION
from tests.harness.observer import Observer
from tests.harness.project import write_project
from tests.harness.relay import Relay, TlsFront

from .care import assert_told
from .conftest import desire, document, mosquitto_site, reported
from .process import Raised

_HOST = f"a1b2c3d4e5f6g7-ats.iot.{REGION}.amazonaws.com"
_ARN = f"arn:aws:iot:{REGION}:{ACCOUNT}"
_HEAPS = {"cpython": None, "mp64": "280k", "mp32": "160k"}  # the agent is compiled in it
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}


def _policy(name):
    """What the thing needs by HTTPS, where variables of the thing are not filled in, and by MQTT."""
    shadow = ["iot:GetThingShadow", "iot:UpdateThingShadow", "iot:DeleteThingShadow", "iot:ListNamedShadowsForThing"]
    topic = ["iot:Publish", "iot:RetainPublish", "iot:GetRetainedMessage"]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": shadow, "Resource": [f"{_ARN}:thing/{name}", f"{_ARN}:thing/{name}/*"]},
            {"Effect": "Allow", "Action": topic, "Resource": f"{_ARN}:topic/dt/{name}/*"},
            {"Effect": "Allow", "Action": "iot:ListRetainedMessages", "Resource": "*"},
            {"Effect": "Allow", "Action": "iot:Connect", "Resource": f"{_ARN}:client/{name}"},
            {"Effect": "Allow", "Action": "iot:Publish", "Resource": f"{_ARN}:topic/$aws/things/{name}/shadow/*"},
            {"Effect": "Allow", "Action": ["iot:Subscribe", "iot:Receive"], "Resource": "*"},
        ],
    }


@pytest.fixture(scope="session")
def identity(authority):
    return authority.issue("iot", hosts=[_HOST, "localhost"])


@pytest.fixture(scope="session")
def certificate_front(ministack, identity, tmp_path_factory):
    """Port 8443 of the local AWS."""
    with CertificateFront(ministack, identity, tmp_path_factory.mktemp("8443")) as front:
        yield front


@pytest.fixture(scope="session")
def signed_front(ministack, identity, tmp_path_factory):
    """Port 443 of the local AWS."""
    context = server_context()
    context.load_cert_chain(*identity.write(tmp_path_factory.mktemp("443"), "iot"))
    with TlsFront(ministack.gateway, context) as relay:
        yield relay


@pytest.fixture(scope="session")
def role(ministack):
    """The ARN of a role that may do all of IoT."""
    iam = ministack.client("iam")
    arn = iam.create_role(RoleName="http", AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="http", PolicyName="iot", PolicyDocument=json.dumps(allowed))
    return arn


@pytest.fixture
def temporary(ministack, role):
    """(access key id, secret, session token) of the role, as the credential provider gives them."""
    made = ministack.client("sts").assume_role(RoleArn=role, RoleSessionName="device")["Credentials"]
    return made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]


@pytest.fixture(params=["https", "https-sigv4"])
def door(request):
    return request.param


@pytest.fixture
def fronts(certificate_front, signed_front):
    return {"https": certificate_front.port, "https-sigv4": signed_front.port}


@pytest.fixture
def project(ministack, authority, name, tmp_path, fronts):
    """project(door, port): the thing.conf.json of a thing with a certificate, which shows it by that door."""

    def make(door, port=None, **fields):
        folder = tmp_path / name
        folder.mkdir()
        thing = ministack.make_thing(name, _policy(name))
        conf = {
            "endpoint": "127.0.0.1", "port": port or fronts[door], "mqttid": name, "cacert": "ca.pem",
            "door": door, "host": _HOST, "poll_ms": 300, **fields,
        }  # fmt: skip
        (folder / "thing.conf.json").write_text(json.dumps(conf))
        (folder / "ca.pem").write_bytes(authority.pem())
        (folder / "certificate.pem.crt").write_text(thing.certificate)
        (folder / "private.pem.key").write_text(thing.key)
        return folder / "thing.conf.json"

    return make


@pytest.fixture
def behind(devices, project, temporary, runtime, door):
    """behind(): a device that connects by itself, through the door; idle: one that only calls, when it is asked to."""

    def make(ready=True, keys=None, idle=False, port=None, **options):
        options.setdefault("heap", _HEAPS[runtime.name])
        if door == "https-sigv4":
            options["keys"] = keys or temporary
        return devices(project(door, port), ready=ready, idle=idle, **options)

    return make


def test_shadows_and_messages_call_by_call(behind, cloud, name):
    device = behind(idle=True)
    with pytest.raises(Raised) as refused:
        device.ask("thing.http.get()")
    assert refused.value.code == 404 and "No shadow exists" in refused.value.text
    assert device.ask("thing.http.update({'led': 1})['version']") == 1
    assert device.ask("thing.http.update(desired={'led': 2}, version=1)['version']") == 2
    with pytest.raises(Raised) as refused:
        device.ask("thing.http.update(desired={'led': 3}, version=1)")
    assert refused.value.code == 409
    assert device.ask("thing.http.get()['state']") == {
        "reported": {"led": 1}, "desired": {"led": 2}, "delta": {"led": 2},
    }  # fmt: skip
    device.ask("thing.http.update({'a': 'ä'}, name='wing:1')")
    assert document(cloud, name, "wing:1")["state"] == {"reported": {"a": "ä"}}
    assert device.ask("thing.http.delete('wing:1')['version']") == 1
    device.ask(f"thing.http.publish('dt/{name}/a b/ä', {{'x': 1}}, qos=1, retain=True)")
    assert json.loads(cloud.get_retained_message(topic=f"dt/{name}/a b/ä")["payload"]) == {"x": 1}
    assert device.ask(f"thing.http.get_retained('dt/{name}/a b/ä')") == '{"x": 1}'
    assert f"dt/{name}/a b/ä" in device.ask("[each['topic'] for each in thing.http.list_retained()]")
    assert device.ask("thing.http.delete()['version']") == 2


@pytest.mark.parametrize("door", ["https"], indirect=True)
def test_named_shadows_are_listed(behind, name):
    device = behind(idle=True)
    device.ask("thing.mqtt.disconnect()")  # it may have connected before that: there is no memory for two TLS sessions
    assert device.ask("thing.http.named_shadows()") == []
    device.ask("for each in ('b', 'a'): thing.http.update({'x': 1}, name=each)")
    assert device.ask("thing.http.named_shadows()") == ["a", "b"]


def test_one_handshake_for_many_calls_and_another_when_the_server_has_closed(behind, fronts, door, cloud, name):
    with Relay(fronts[door]) as link:
        device = behind(idle=True, port=link.port)
        before = link.connections
        for number in range(3):
            device.ask(f"thing.http.update({{'number': {number}}})")
        assert link.connections == before + 1
        link.cut()
        link.restore()
        device.ask("thing.http.update({'number': 3})")
        assert link.connections == before + 2
        reported(cloud, name, {"number": 3})


def test_what_a_thing_does_by_https(behind, cloud, name):
    device = behind()
    device.ask("thing.on_shadow_request(lambda state: state)")
    desire(cloud, name, {"led": 1})
    reported(cloud, name, {"led": 1})
    assert device.ask("thing.shadow.get()")["state"]["reported"] == {"led": 1}
    assert device.ask("thing.shadow.update({'a': 1}, version=2)")["state"]["reported"] == {"a": 1}
    with pytest.raises(Raised) as refused:
        device.ask("thing.shadow.update({'a': 2}, version=2)")
    assert refused.value.code == 409
    device.ask("wing = thing.named_shadow('wing')\nwing.on_delta(lambda state: state)")
    desire(cloud, name, {"flap": [1, 2]}, "wing")
    reported(cloud, name, {"flap": [1, 2]}, "wing")
    device.ask("thing.publish('dt/%s/x' % thing.thingname, 'kept', qos=1, retain=True)\nuntil(settled)")
    assert cloud.get_retained_message(topic=f"dt/{name}/x")["payload"] == b"kept"
    with pytest.raises(Raised) as refused:
        device.ask("thing.subscribe('cmd/x', hear)")
    assert "StateError" in refused.value.kinds and "cmd/x needs door mqtt or wss" in refused.value.text
    with pytest.raises(Raised) as refused:
        device.ask("thing.jobs.handle('blink', lambda job: None)")
    assert "StateError" in refused.value.kinds
    assert device.ask("thing.shadow.delete()")["version"] >= 3


@pytest.mark.runtimes("cpython", "mp32")
def test_health_and_what_is_written(behind, ministack, name, tmp_path):
    assert_told(behind(), ministack, name, tmp_path)


def test_what_was_accepted_survives_a_lost_link(behind, fronts, door, cloud, name):
    with Relay(fronts[door]) as link:
        device = behind(port=link.port, sleepless=True)
        link.cut()
        device.ask(f"for number in range(3): thing.publish('dt/{name}/x', '%d' % number, qos=1, retain=True)")
        device.ask("thing.update_shadow({'a': 1})\nthing.update_shadow({'b': 2})")
        device.expect("disconnected")
        link.restore()
        device.expect("ready")
        device.ask("until(settled)")
        reported(cloud, name, {"a": 1, "b": 2})
        assert cloud.get_retained_message(topic=f"dt/{name}/x")["payload"] == b"2"


def test_a_handler_is_called_once_for_a_difference(behind, cloud, name):
    device = behind()
    device.ask("HEARD = []\nthing.on_shadow_request(HEARD.append)")
    desire(cloud, name, {"led": 1})
    device.ask("until(lambda: HEARD)")
    device.ask("end = thing.mqtt.ticks() + 1500\nuntil(lambda: thing.mqtt.ticks() > end)")
    assert device.ask("HEARD") == [{"led": 1}]
    # a call that has begun would still bring the next
    device.ask("thing.shadow.poll_ms = 3600000\nuntil(lambda: not thing.mqtt.stream.work)")
    desire(cloud, name, {"led": 2})
    device.ask("end = thing.mqtt.ticks() + 1000\nuntil(lambda: thing.mqtt.ticks() > end)")
    assert device.ask("HEARD") == [{"led": 1}]
    device.ask("thing.shadow.poll_ms = 100\nuntil(lambda: len(HEARD) == 2)")
    assert device.ask("HEARD")[1] == {"led": 2}


def test_health_and_prints_go_by_calls(behind, cloud, name):
    """Each message a call, as each report."""
    device = behind()
    device.ask("health = thing.health('1.2.0', path=None)\nlog = thing.log(period_s=0.1)\nlog.write('hello')")
    device.ask("until(lambda: not log.count and thing.named_shadow('health').reported)")
    device.ask("until(settled)")
    told = document(cloud, name, "health")["state"]["reported"]
    assert (told["version"], told["connects"]) == ("1.2.0", 1) and device.ask("log.lost") == 0


@pytest.mark.parametrize("door", ["https-sigv4"], indirect=True)
@pytest.mark.parametrize("wrong", ["secret", "token", "missing token", "key id"])
def test_what_is_signed_wrong_is_refused(behind, temporary, wrong):
    access, secret, token = temporary
    keys = {
        "secret": (access, secret[:-1] + "!", token),
        "token": (access, secret, token[:-1] + "!"),
        "missing token": (access, secret, None),
        "key id": ("ASIA" + "X" * 16, secret, token),
    }[wrong]
    device = behind(ready=False, keys=keys)
    refusal = device.expect("disconnected")["value"]
    assert refusal.startswith("HTTP 403") and "are the keys right and still valid" in refusal
    device.ask("idle = 1\nthing.disconnect()")
    for call in ("get()", "update({'a': 1})", "publish('dt/x', 'y')"):
        with pytest.raises(Raised) as refused:
            device.ask("thing.http." + call)
        assert refused.value.code == 403


@pytest.mark.parametrize("door", ["https-sigv4"], indirect=True)
def test_an_old_date_is_refused_and_by_how_much_it_is_wrong_is_said(behind):
    device = behind(ready=False, late=True)
    refusal = device.expect("disconnected")["value"]
    assert refusal.startswith("HTTP 403") and "60 minutes behind AWS's" in refusal


@pytest.mark.parametrize("door", ["https"], indirect=True)
def test_a_certificate_that_is_not_active_or_not_allowed_is_refused(behind, ministack, name):
    device = behind(idle=True)
    with pytest.raises(Raised) as refused:
        device.ask("thing.http.publish('other/topic', 'x')")
    assert refused.value.code == 403 and "clock" not in refused.value.text
    iot = ministack.client("iot")
    principal = iot.list_thing_principals(thingName=name)["principals"][0]
    iot.update_certificate(certificateId=principal.rsplit("/", 1)[1], newStatus="INACTIVE")
    with pytest.raises(Raised) as refused:
        device.ask("thing.http.get()")
    assert refused.value.code == 403


def test_report_once_connects_reports_and_leaves(behind, cloud, name, fronts, door):
    device = behind(idle=True)
    assert device.ask("thing.report_once({'t': 21})")["state"] == {"reported": {"t": 21}}
    assert device.ask("thing.connected") is False
    reported(cloud, name, {"t": 21})


@pytest.fixture
def connected(devices, ministack, authority, tmp_path, name):
    """connected(heap): a device that is connected by MQTT, and may do all."""

    def make(heap=None):
        allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}
        thing = ministack.make_thing(name, allowed)
        folder, trusted = tmp_path / name, ministack.ca + authority.pem().decode()
        conf = write_project(folder, name, ministack.port, thing.certificate, thing.key, trusted)
        return devices(conf, heap=heap)

    return make


def test_calls_beside_mqtt(connected, runtime, certificate_front, cloud, name):
    device = connected({"cpython": None, "mp64": "800k", "mp32": "500k"}[runtime.name])
    device.ask(f"thing.http.port = {certificate_front.port}\nthing.on_shadow_request(lambda state: state)")
    device.ask("thing.http.update(desired={'led': 1})")
    reported(cloud, name, {"led": 1})
    for number in range(3):
        device.ask(f"thing.http.update({{'n': {number}}})\nthing.publish('dt/{name}/x', 'y', qos=1)")
    device.ask("until(settled)")
    assert device.ask("thing.stats['connects']") == 1


@pytest.mark.runtimes("mp64", "mp32")
def test_without_memory_for_a_second_tls_session_that_is_said(connected, runtime):
    device = connected({"mp64": "160k", "mp32": "90k"}[runtime.name])
    with pytest.raises(Raised) as refused:
        device.ask("thing.http.get()")
    assert "StateError" in refused.value.kinds and "disconnect() first" in refused.value.text


@pytest.fixture
def start(launch, runtime):
    """Starts examples/publish_period beside a thing.conf.json, unchanged."""

    def run(conf, keys=()):
        main = ROOT / "examples" / "publish_period" / "main.py"
        return launch(program("system", "any_door"), main, json.dumps(keys), heap=_HEAPS[runtime.name], cwd=conf.parent)

    return run


@pytest.mark.parametrize("way", ["mqtt", "wss", "https", "https-sigv4"])
def test_one_program_through_each_door(start, project, signed_front, ministack, authority, temporary, cloud, name, way):
    keyed = way in ("wss", "https-sigv4")
    port = {"mqtt": ministack.port, "wss": signed_front.port}.get(way)
    conf = project(way, port, endpoint="localhost" if way == "mqtt" else "127.0.0.1")
    (conf.parent / "ca.pem").write_text(ministack.ca + authority.pem().decode())
    process = start(conf, temporary if keyed else ())
    _await(process, "connected")
    reported(cloud, name, {"publish_period": 2000})
    desire(cloud, name, {"publish_period": 150})
    _await(process, "requested publish period: 150")
    reported(cloud, name, {"publish_period": 150})
    for _ in range(3):
        _await(process, "sample")
    desire(cloud, name, {"publish_period": "often"})
    _await(process, "refused")
    assert document(cloud, name)["state"]["reported"] == {"publish_period": 150}


def test_the_same_program_against_a_mosquitto_without_aws(start, mosquitto_tls12, name, tmp_path):
    prefix = f"$aws/things/{name}/shadow/update"
    with Observer(mosquitto_tls12.plain_port, prefix, f"dt/{name}/#", client_id=name + "-o") as observer:
        process = start(mosquitto_site(mosquitto_tls12).project(tmp_path, name))
        assert json.loads(observer.expect(prefix).payload) == {"state": {"reported": {"publish_period": 2000}}}
        observer.publish(prefix + "/delta", json.dumps({"version": 1, "state": {"publish_period": 150}}))
        _await(process, "requested publish period: 150")
        assert json.loads(observer.expect(prefix).payload) == {"state": {"reported": {"publish_period": 150}}}
        observer.expect(f"dt/{name}/samples")


def _await(process, beginning: str) -> None:
    process.expect_that(
        lambda event: event["event"] == "print" and event["text"].startswith(beginning), description=beginning
    )


@pytest.mark.runtimes("mp32")
def test_https_sleeper(launch, project, certificate_front, cloud, name):
    """The example, as it is, with an ESP32's heap: each start is a wake-up."""
    conf = project("https")
    main = ROOT / "examples" / "https_sleeper" / "main.py"

    def wake():
        process = launch(main, heap="112k", cwd=conf.parent, extra_paths=[program("system", "sleeper/machine").parent])
        process.wait()
        return [event["text"] for event in process.events if event["event"] == "print"]

    lines = wake()
    assert lines[0].startswith("reported 1 ") and lines[-1] == "asleep for 600000"
    desire(cloud, name, {"period_s": 30})
    assert wake()[-1] == "asleep for 30000"
    assert document(cloud, name)["state"]["reported"]["period_s"] == 30
    desire(cloud, name, {"period_s": "often"})
    lines = wake()
    assert lines[0].startswith("refused: ") and lines[-1] == "asleep for 30000"
    conf.write_text(conf.read_text().replace(f'"port": {certificate_front.port}', '"port": 1'))
    lines = wake()
    assert "cannot be reached" in lines[0] and lines[-1] == "asleep for 30000"
