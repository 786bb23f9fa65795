"""Files into the S3 of the local AWS and out of it, with keys of a role alias, and of IAM, which are checked there."""

import json

import pytest

from tests.harness import program

from . import keys
from .keys import BUCKET
from .process import Raised

_MEGABYTE = 1 << 20


@pytest.fixture
def configuration(front, provider, authority, ministack, name, tmp_path):
    return keys.project(tmp_path / name, name, ministack, authority, front.port, provider)


@pytest.mark.runtimes("mp32")
def test_a_megabyte_from_64_kb_of_heap(launch, configuration, front, ministack, name):
    """By role alias, into what its policy lets this thing have of the bucket, and back."""
    key = f"{name}/log 1+2/ä.bin"
    arguments = configuration, f"localhost:{front.port}", BUCKET, key, _MEGABYTE
    process = launch(program("system", "s3_small"), *arguments, heap="64k")
    assert process.wait() == 0, process.report()
    done = process.expect("done")
    assert (done["count"], done["same"]) == (_MEGABYTE, True)
    stored = ministack.client("s3").get_object(Bucket=BUCKET, Key=key)
    body = stored["Body"].read()
    assert (len(body), stored["ContentType"]) == (_MEGABYTE, "text/plain")
    assert body == bytes((at ^ at >> 8) & 255 for at in range(_MEGABYTE))


@pytest.fixture
def agent(devices, configuration, runtime, front):
    """agent(own): a device with `s3`, by these keys or, without, by its role alias; it is not connected."""

    def make(own=None):
        device = devices(configuration, ready=False, heap=keys.HEAPS[runtime.name])
        device.ask("thing.disconnect()")
        device.ask("from aws_iot import web")
        chosen = f"lambda: {own!r}" if own else "None"
        device.ask(f"s3 = web.s3.S3(thing, {chosen}, server='localhost:{front.port}')")
        device.ask("class File:\n def __init__(self): self.data = b''\n def write(self, part): self.data += part")
        return device

    return make


@pytest.fixture
def temporary(ministack, provider, role, name):
    """Keys as the provider gives them."""
    made = ministack.client("sts").assume_role(RoleArn=provider.copied(role, name), RoleSessionName=name)[
        "Credentials"
    ]
    return made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]


def test_put_and_get(agent, ministack, name, provider):
    """Several by one connection, one fetch of keys; of bytes, a function, a file; of none."""
    device = agent()
    for key, body in (("one", "b'x' * 5000"), ("none", "b''"), ("two", "lambda: [b'ab', memoryview(b'cd')], 4")):
        device.ask(f"s3.put({BUCKET!r}, {f'{name}/{key}'!r}, {body})")
    s3 = ministack.client("s3")
    found = [s3.get_object(Bucket=BUCKET, Key=f"{name}/{key}")["Body"].read() for key in ("one", "none", "two")]
    assert found == [b"x" * 5000, b"", b"abcd"]
    for key, size in (("one", 5000), ("none", 0)):
        assert device.ask(f"file = File()\ncount = s3.get({BUCKET!r}, {f'{name}/{key}'!r}, file)") is None
        assert device.ask("count") == device.ask("len(file.data)") == size
    assert provider.asked == [name]


def test_beside_mqtt_with_a_certificate(devices, front, provider, authority, ministack, name, tmp_path, runtime):
    """The thing's door is another: thing.conf.json names the role alias."""
    path = keys.project(
        tmp_path / name, name, ministack, authority, ministack.port, provider, conf={"door": "mqtt", "host": None}
    )
    device = devices(path, ready=False, heap=keys.HEAPS[runtime.name])
    device.ask("thing.disconnect()\nfrom aws_iot import web")
    device.ask(f"own = web.own.keys(thing, {str(path)!r})")
    device.ask(f"s3 = web.s3.S3(thing, own, region='us-east-1', server='localhost:{front.port}')")
    device.ask(f"s3.put({BUCKET!r}, {f'{name}/a'!r}, b'abc')")
    assert ministack.client("s3").get_object(Bucket=BUCKET, Key=f"{name}/a")["Body"].read() == b"abc"


def _refused(device, source) -> Raised:
    with pytest.raises(Raised) as raised:
        device.ask(source)
    return raised.value


@pytest.mark.parametrize(
    "wrong, code, words",
    [
        ("secret", "SignatureDoesNotMatch", "are the keys right?"),
        ("token", "InvalidToken", "is the session token that of these keys"),
        ("missing token", "InvalidAccessKeyId", "are the keys right?"),
        ("key id", "InvalidAccessKeyId", "are the keys right?"),
    ],
)
def test_keys_that_are_wrong(agent, temporary, name, wrong, code, words):
    access, secret, token = temporary
    own = {
        "secret": (access, secret[:-1] + "!", token),
        "token": (access, secret, token[:-1] + "!"),
        "missing token": (access, secret, None),
        "key id": ("ASIA" + "X" * 16, secret, token),
    }[wrong]
    refused = _refused(agent(own), f"s3.put({BUCKET!r}, {f'{name}/a'!r}, b'x')")
    assert (refused.kinds[0], refused.code) == ("Rejected", code) and words in refused.text


def test_what_is_not_there_or_not_allowed(agent, temporary, name):
    device = agent(temporary)
    refused = _refused(device, f"s3.get({BUCKET!r}, {f'{name}/nothing'!r}, File())")
    assert refused.code in ("NoSuchKey", "AccessDenied")
    refused = _refused(device, f"s3.put({BUCKET!r}, 'another/a', b'x')")
    assert refused.code == "AccessDenied" and "does the policy of the keys allow it?" in refused.text
    device.ask(f"s3.put({BUCKET!r}, {f'{name}/a'!r}, b'x')")  # it goes on
    short = f"import io\ns3.put({BUCKET!r}, {f'{name}/b'!r}, io.BytesIO(b'x' * 3000), 5000)"
    assert "body: it is 2000 bytes shorter than its size" in _refused(device, short).text
    device.ask(f"s3.put({BUCKET!r}, {f'{name}/a'!r}, b'x')")


@pytest.fixture(scope="session")
def administrator(ministack):
    """Keys of an IAM user who may do all of S3."""
    iam = ministack.client("iam")
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    iam.create_user(UserName="s3")
    iam.put_user_policy(UserName="s3", PolicyName="s3", PolicyDocument=json.dumps(allowed))
    made = iam.create_access_key(UserName="s3")["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"], None


def test_a_bucket_that_is_not_there(agent, administrator):
    refused = _refused(agent(administrator), "s3.put('no-such-bucket', 'a', b'x' * 5000)")
    assert refused.code == "NoSuchBucket" and "PUT of a in bucket no-such-bucket: HTTP 404" in refused.text


def test_a_bucket_of_another_region(agent, administrator, ministack):
    s3 = ministack.client("s3")
    s3.create_bucket(Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    refused = _refused(agent(administrator), "s3.put('elsewhere', 'a', b'x')")
    assert "the bucket is in eu-west-1, not in us-east-1" in refused.text
    s3.delete_bucket(Bucket="elsewhere")


def test_a_clock_that_is_wrong(devices, configuration, front, administrator, runtime):
    device = devices(configuration, ready=False, late=True, heap=keys.HEAPS[runtime.name])
    device.ask("thing.disconnect()")
    device.ask("from aws_iot import web")
    device.ask(f"s3 = web.s3.S3(thing, lambda: {administrator!r}, server='localhost:{front.port}')")
    refused = _refused(device, f"s3.put({BUCKET!r}, 'a', b'x')")
    assert refused.code == "RequestTimeTooSkewed" and "the clock is" in refused.text
