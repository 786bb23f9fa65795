"""A Thing behind the other doors of AWS, against the local AWS, which checks each signature of IAM's and STS's keys."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.relay import Relay

from .conftest import desire, reported
from .keys import HOST

_ALLOWED = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
_HEAPS = {"cpython": None, "mp64": "200k", "mp32": "112k"}  # the agent is compiled in it


@pytest.fixture(scope="session")
def role(ministack):
    """The ARN of a role that may do all of IoT."""
    iam = ministack.client("iam")
    arn = iam.create_role(RoleName="doors", AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName="doors", PolicyName="iot", PolicyDocument=json.dumps(_ALLOWED))
    return arn


@pytest.fixture(scope="session")
def keys(ministack):
    """(access key id, secret, None) of an IAM user that may do all of IoT."""
    iam = ministack.client("iam")
    iam.create_user(UserName="doors")
    iam.put_user_policy(UserName="doors", PolicyName="iot", PolicyDocument=json.dumps(_ALLOWED))
    made = iam.create_access_key(UserName="doors")["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"], None


@pytest.fixture
def temporary(ministack, role):
    """(access key id, secret, session token) of the role, as the credential provider gives them."""
    made = ministack.client("sts").assume_role(RoleArn=role, RoleSessionName="device")["Credentials"]
    return made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]


@pytest.fixture
def behind(devices, front, authority, name, tmp_path, runtime):
    """behind(keys, **options): a device whose thing.conf.json says door wss; its keys are in `keys`, to be changed."""

    def make(keys, **options):
        folder = tmp_path / name
        folder.mkdir()
        conf = {
            "endpoint": "127.0.0.1", "port": front.port, "mqttid": name, "cacert": "ca.pem",
            "door": "wss", "host": HOST,
        }  # fmt: skip
        (folder / "thing.conf.json").write_text(json.dumps(conf))
        (folder / "ca.pem").write_bytes(authority.pem())
        return devices(folder / "thing.conf.json", heap=_HEAPS[runtime.name], keys=keys, **options)

    return make


def test_all_that_a_thing_can(behind, temporary, cloud, iot, name, runtime):
    iot.create_thing(thingName=name)
    device = behind(temporary)
    device.ask("thing.on_shadow_request(lambda state: state)")
    desire(cloud, name, {"led": 1})
    reported(cloud, name, {"led": 1})
    assert device.ask("thing.shadow.get()")["state"]["reported"] == {"led": 1}
    device.ask(f"thing.subscribe('dt/{name}/in', hear)")
    for size in (3, 126, 5_000 if runtime.bits else 70_000):  # a length of one, two, and eight bytes
        cloud.publish(topic=f"dt/{name}/in", qos=1, payload=b"x" * size)
        assert len(device.expect("message")["payload"]) == size
    device.ask("HEARD = []\nthing.jobs.handle('blink', lambda job: HEARD.append(job.id))")
    arn = iot.describe_thing(thingName=name)["thingArn"]
    iot.create_job(jobId=name, targets=[arn], document=json.dumps({"operation": "blink"}))
    device.ask("until(lambda: thing.jobs.done)")
    assert iot.describe_job_execution(jobId=name, thingName=name)["execution"]["status"] == "SUCCEEDED"


def test_what_was_accepted_survives_a_lost_link(behind, keys, front, cloud, name):
    device = behind(keys)
    front.cut()
    device.ask("for number in range(3): thing.publish('dt/%s' % thing.thingname, 'x' * 3000, qos=1)")
    device.ask("thing.update_shadow({'offline': 1})")
    device.expect("disconnected")
    front.restore()
    device.expect("ready")
    device.ask("until(settled)")
    reported(cloud, name, {"offline": 1})


def test_keys_are_asked_for_before_each_connect(behind, keys, temporary, front):
    device = behind(["AKIAWRONG", "wrong", None], ready=False, sleepless=True)
    refusal = device.expect("disconnected")["value"]
    assert "refused (HTTP 403): are the keys right and still valid, is the clock (20" in refusal
    device.ask(f"KEYS[:] = {list(temporary)!r}")
    device.expect("ready")
    device.ask(f"KEYS[:] = {list(keys)!r}")
    front.cut()
    front.restore()
    device.expect("ready")


@pytest.mark.parametrize("wrong", ["secret", "token", "missing token", "key id"])
def test_what_is_signed_wrong_is_refused(behind, temporary, wrong):
    access, secret, token = temporary
    keys = {
        "secret": (access, secret[:-1] + "!", token),
        "token": (access, secret, token[:-1] + "!"),
        "missing token": (access, secret, None),
        "key id": ("ASIA" + "X" * 16, secret, token),
    }[wrong]
    assert "HTTP 403" in behind(keys, ready=False).expect("disconnected")["value"]


def test_an_old_date_is_refused(behind, temporary):
    refusal = behind(temporary, ready=False, late=True).expect("disconnected")["value"]
    assert "HTTP 403" in refusal and "is the clock (20" in refusal


class _Proxy(Relay):
    """A proxy that takes each CONNECT for one to the target, as if AWS's name led there (RFC 9110, section 9.3.6)."""

    def _carry(self, device) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += device.recv(1)
        device.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        super()._carry(device)


@pytest.mark.runtimes("mp32")
def test_awss_own_sdk_comes_in_by_the_same_door(behind, temporary, front, authority, name, tmp_path):
    """And by wrong keys it does not: so it is the signature that counts here."""
    topic, ca = f"dt/{name}/in", tmp_path / "authority.pem"
    ca.write_bytes(authority.pem())

    def published(keys) -> str:
        with _Proxy(front.port) as proxy:
            words = proxy.port, ca, HOST, f"{name}-sdk", topic, json.dumps(keys)
            command = [sys.executable, Path(__file__).with_name("aws_sdk.py"), *map(str, words)]
            return subprocess.run(command, capture_output=True, text=True, timeout=200).stdout

    device = behind(temporary)
    device.ask(f"thing.subscribe('{topic}', hear)")
    assert published(temporary) == "published\n"
    assert device.expect("message")["payload"] == "by the SDK"
    access, secret, token = temporary
    assert "UPGRADE_FAILURE" in published((access, secret[:-1] + "!", token))
