"""AWS keys that a thing fetches by its certificate, with the policies that `thing role-alias` makes, and what is said
when there are none. The provider is a stand-in, see tests/harness/credential_provider.py; the keys are MiniStack's."""

import pytest
from aws_iot_tools.things import policy

from . import keys
from .care import assert_told
from .conftest import desire, reported


@pytest.fixture
def behind(devices, front, provider, authority, ministack, name, tmp_path, runtime):
    """behind(**options): a device behind door wss whose keys are the provider's. `allowed`, `identity`, `conf`: see
    keys.project()."""

    def make(allowed=True, identity=None, conf=None, **options):
        path = keys.project(
            tmp_path / name, name, ministack, authority, front.port, provider,
            allowed=allowed, identity=identity, conf=conf,
        )  # fmt: skip
        return devices(path, heap=keys.HEAPS[runtime.name], **options)

    return make


def _refusal(device) -> str:
    return device.expect("disconnected")["value"]


_KEYS = "thing.mqtt.context.keys"


def test_a_thing_with_a_certificate_behind_the_websocket(behind, provider, front, cloud, name):
    """The same as with a certificate, by policies of the least, and other keys for each life of theirs."""
    device = behind()
    assert provider.asked == [name]
    device.ask("thing.on_shadow_request(lambda state: state)")
    desire(cloud, name, {"led": 1})
    reported(cloud, name, {"led": 1})
    device.ask(f"thing.publish('dt/{name}/up', 'x', qos=1)")
    device.ask("until(settled)")
    first = device.ask(f"{_KEYS}.keys[0]")
    for older_s, asked in ((0, 1), (2700, 1), (200, 2)):  # 80 % of an hour are 2880 s
        device.ask(f"{_KEYS}.at -= {older_s}")
        front.cut()
        device.expect("disconnected")
        front.restore()
        device.expect("ready")
        assert len(provider.asked) == asked
    assert device.ask(f"{_KEYS}.keys[0]") != first
    device.ask("thing.publish('dt/other/up', 'x', qos=1)")
    device.expect("disconnected")  # it is not its own


@pytest.mark.runtimes("cpython", "mp32")
def test_health_and_what_is_written(behind, ministack, name, tmp_path):
    assert_told(behind(), ministack, name, tmp_path)


def test_https_by_the_same_keys(behind, provider, cloud, name):
    device = behind(conf={"door": "https-sigv4"})
    device.ask("thing.report({'led': 1})")
    reported(cloud, name, {"led": 1})
    asked = len(provider.asked)
    device.ask(f"{_KEYS}.life = 0")
    device.ask("thing.report({'led': 2})")
    reported(cloud, name, {"led": 2})
    assert len(provider.asked) > asked and set(provider.asked) == {name}


def test_old_keys_are_used_while_they_live(behind, provider, front):
    device = behind()
    provider.trouble = "busy"
    device.ask(f"{_KEYS}.at -= 3000")
    front.cut()
    device.expect("disconnected")
    front.restore()
    device.expect("ready")
    assert "HTTP 503: Service unavailable" in device.ask(f"{_KEYS}.error.message")
    device.ask(f"{_KEYS}.at -= 1000")  # over
    front.cut()
    device.expect("disconnected")
    front.restore()
    assert "keys(): no keys: HTTP 503: Service unavailable" in _refusal(device)
    provider.trouble = None
    device.expect("ready")


@pytest.mark.parametrize(
    "trouble, words",
    [
        ("html", " is no credential provider, or a proxy answers in its place: HTTP 200, b'<html><body>Please"),
        ("endless", " is no credential provider, or a proxy answers in its place: HTTP 200, b'<p><p>"),
        ("busy", "no keys: HTTP 503: Service unavailable"),
        ("cut", " closed before the end of its answer"),
        ("silent", "no answer from localhost:"),
    ],
)
def test_a_provider_in_trouble(behind, provider, trouble, words):
    provider.trouble = trouble
    device = behind(ready=False, sleepless=True)
    refusal = _refusal(device)
    assert refusal.startswith("keys(): ") and words in refusal
    provider.trouble = None
    device.expect("ready")


def _denied(refusal, alias=keys.ALIAS):
    said = f"keys(): no keys by role alias {alias} (HTTP 403: Access Denied): is there one of that name, does the"
    assert refusal.startswith(said)


def test_no_such_role_alias(behind):
    _denied(_refusal(behind(ready=False, conf={"role_alias": "other"})), "other")


def test_a_policy_that_does_not_allow_it(behind):
    _denied(_refusal(behind(allowed=False, ready=False)))


def test_another_things_name(behind, name):
    _denied(_refusal(behind(ready=False, conf={"thingname": "other"})))


def test_a_role_that_does_not_trust_the_provider(behind, provider, ministack):
    trust = policy.trust().replace("credentials.iot", "ec2")
    ministack.client("iam").create_role(
        RoleName=f"{keys.ALIAS}-distrust-{provider.port}", AssumeRolePolicyDocument=trust
    )
    provider.aliases[keys.ALIAS] = f"{keys.ALIAS}-distrust-{provider.port}"
    _denied(_refusal(behind(ready=False)))


def test_an_inactive_certificate(behind, front, iot, name):
    device = behind()
    (arn,) = iot.list_thing_principals(thingName=name)["principals"]
    iot.update_certificate(certificateId=arn.rpartition("/")[2], newStatus="INACTIVE")
    device.ask(f"{_KEYS}.life = 0")
    front.cut()
    device.expect("disconnected")
    front.restore()
    _denied(_refusal(device))


def test_an_expired_certificate(behind, ministack, name):
    """TLS ends it, before there is a word of HTTP; the alert may be lost in the reset that follows it."""
    refusal = _refusal(behind(ready=False, identity=ministack.authority.issue(name, from_days=-10, to_days=-1)))
    words = (
        "the server refused this device's certificate: ", "closed in the TLS handshake: device certificate refused",
        "cut without an answer: refuses this device's certificate",
    )  # fmt: skip
    assert refusal.startswith("keys(): ") and any(each in refusal for each in words), refusal


@pytest.mark.parametrize("late_s", [400, -400])
def test_a_clock_that_is_wrong(behind, provider, late_s):
    provider.late_s = late_s
    refusal = _refusal(behind(ready=False))
    assert refusal.startswith("keys(): the clock is wrong, so AWS would refuse what is signed: it says 20")
    assert "GMT" in refusal


def test_no_provider(behind, provider):
    provider.__exit__()
    refusal = _refusal(behind(ready=False))
    assert refusal.startswith(f"keys(): localhost:{provider.port} cannot be reached: refused")
