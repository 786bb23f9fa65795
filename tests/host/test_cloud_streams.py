"""thing cloud up --mosquitto: files over MQTT out of S3, by what stands in for AWS's delivery (cloud/streams.py)."""

import base64
import json
import os
import time

import boto3
import cbor2
import pytest
from aws_iot_tools.board.probe import Probe
from aws_iot_tools.cloud import processes

from .. import harness
from .conftest import TRUST
from .test_cloud import cloud, use  # noqa: F401  the fixture

pytestmark = pytest.mark.local_aws

_EXAMPLE = harness.ROOT / "examples" / "fota"


@pytest.fixture
def served(cloud):  # noqa: F811
    """A project with a thing behind a Mosquitto, a bucket and a role."""
    cloud.run(*cloud.up, "--mosquitto")
    cloud.environment.update(use(cloud))
    cloud.client = lambda service: boto3.client(
        service, endpoint_url=cloud.environment["AWS_ENDPOINT_URL"], region_name="us-east-1",
        aws_access_key_id="test", aws_secret_access_key="test",
    )  # fmt: skip
    cloud.client("s3").create_bucket(Bucket="firmware")
    cloud.client("iam").create_role(RoleName="fota", AssumeRolePolicyDocument=json.dumps(TRUST))
    cloud.run("new", "demo")
    cloud.run("add", "demo")
    return cloud


def test_an_update_by_stream_from_s3_to_the_board(served, board):
    project = served.folder / "demo"
    served.run("fota-keygen", "firmware.key")
    (project / "firmware.key.pub").write_text((served.folder / "firmware.key.pub").read_text())
    for name in ("main.py", "app.py"):
        (project / name).write_text((_EXAMPLE / name).read_text())
    served.run("flash", "demo", "--port", board.port)
    application = (_EXAMPLE / "app.py").read_text()
    (project / "app.py").write_text(application.replace('VERSION = "1.0.0"', 'VERSION = "1.1.0"'))
    said = served.run(
        "fota", "demo_0", "demo", "firmware", "fota", "--stream", "--sign", "firmware.key", "--watch"
    ).stdout  # fmt: skip
    assert said.splitlines()[-1] == "demo_0: SUCCEEDED 1.1.0", said + board.output[-3000:]
    assert "version 1.1.0" in board.output


class Things:
    """A thing's connection, and its requests."""

    def __init__(self, served) -> None:
        folder = served.folder / "demo"
        config = json.loads((folder / "thing.conf.json").read_text())
        self._probe = Probe(config["endpoint"], config["port"], 60)
        self._probe.open()
        keys = folder / "certificate.pem.crt", folder / "private.pem.key"
        self._probe.secure((folder / config["cacert"]).read_text(), *keys)
        assert self._probe.connect("demo_0") == 0
        self._probe.subscribe("$aws/things/demo_0/streams/#")

    def ask(self, stream: str, form: str, payload: bytes, count=1) -> list:
        """(kind, answer) of each message that comes for a request, itself left out."""
        topic = f"$aws/things/demo_0/streams/{stream}"
        self._probe.publish(f"{topic}/get/{form}", payload)
        found = []
        while len(found) < count:
            name, message = self._probe.receive()
            kind = name.removeprefix(f"{topic}/").split("/")[0]
            if kind != "get":
                found.append((kind, json.loads(message) if form == "json" else cbor2.loads(message)))
        return found

    def code(self, stream="s", form="json", **request) -> str:
        ((kind, answer),) = self.ask(stream, form, json.dumps(request).encode())
        assert kind == "rejected"
        return answer["o"]


def test_blocks_and_refusals_are_as_aws_documents_them(served):
    """https://docs.aws.amazon.com/iot/latest/developerguide/mqtt-based-file-delivery-in-devices.html"""
    data = os.urandom(2500)
    served.client("s3").put_object(Bucket="firmware", Key="file", Body=data)
    iot = served.client("iot")
    place = {"fileId": 3, "s3Location": {"bucket": "firmware", "key": "file"}}
    role = "arn:aws:iam::000000000000:role/fota"
    made = iot.create_stream(streamId="s", files=[place], roleArn=role)
    assert made["streamVersion"] == 1 and made["streamArn"] == "arn:aws:iot:us-east-1:000000000000:stream/s"
    with pytest.raises(iot.exceptions.ResourceAlreadyExistsException):
        iot.create_stream(streamId="s", files=[place], roleArn=role)
    things = Things(served)
    blocks = [answer for _, answer in things.ask("s", "json", b'{"c": "7", "f": 3, "l": 1024}', 3)]
    assert [(each["c"], each["f"], each["i"], each["l"]) for each in blocks] == [
        ("7", 3, 0, 1024), ("7", 3, 1, 1024), ("7", 3, 2, 452),
    ]  # fmt: skip
    assert b"".join(base64.b64decode(each["p"]) for each in blocks) == data
    some = cbor2.dumps({"f": 3, "l": 256, "o": 1, "n": 9, "b": b"\x05\x01"})
    assert [answer["i"] for _, answer in things.ask("s", "cbor", some, 3)] == [1, 3, 9]
    bits = json.dumps({"f": 3, "l": 256, "o": 1, "n": 2, "b": "0x0501"}).encode()
    assert [answer["i"] for _, answer in things.ask("s", "json", bits, 2)] == [1, 3], "no more than n"
    assert things.code(f=3, l=255) == "BlockSizeOutOfBounds"
    assert things.code(f=3, l=1024, o=3) == "OffsetOutOfBounds"
    assert things.code(f=3, l=1024, o=-1) == "OffsetOutOfBounds"
    assert things.code(f=3, l=1024, n=0) == "BlockCountLimitExceeded"
    assert things.code(f=4, l=1024) == things.code("other", f=3, l=1024) == "ResourceNotFound"
    assert things.code(f=3, l=1024, s=2) == "VersionMismatch"
    assert things.code(f=3, l=1024, b="0x00") == things.code(l=1024) == "InvalidRequest"
    assert things.ask("s", "json", b"{")[0][1]["o"] == "InvalidJson"
    assert things.ask("s", "cbor", b"\xff")[0][1]["o"] == "InvalidCbor"

    streams = served.folder / ".aws_local/streams"
    os.kill(processes.running(streams), 9)
    while processes.running(streams):
        time.sleep(0.02)
    assert "what delivers streams had ended; it is started again" in served.run("cloud", "up").stderr
    assert things.ask("s", "json", b'{"f": 3, "l": 1024, "o": 2}')[0][1]["l"] == 452
    iot.delete_stream(streamId="s")
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_stream(streamId="s")
    assert things.code(f=3, l=1024) == "ResourceNotFound"
    served.run("cloud", "down")
    assert not processes.running(streams)
