"""thing flash, where the program says nothing of a connection and the cloud does."""

import json

import boto3
import pytest

from .test_cloud import begin, cloud  # noqa: F401  the fixture

pytestmark = pytest.mark.local_aws

_SILENT = """
from aws_iot import Thing

Thing.from_config("thing.conf.json").loop_forever()
"""
_CONNECTS = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}]}


@pytest.fixture
def ready(cloud):  # noqa: F811
    """A project whose program prints nothing, in a local AWS."""
    (begin(cloud) / "main.py").write_text(_SILENT)
    return cloud


def test_a_thing_that_is_connected_is_ready(ready, board):
    """Told anew for a second flashing, when an older connection is still there."""
    for _ in range(2):
        said = ready.run("flash", "demo", "--port", board.port, "--wait", 100)
        assert said.stdout.endswith("demo_0 starts:\ndemo_0 is connected, as AWS itself tells\n")


def test_a_connection_that_is_closed_at_once_is_none(ready, board):
    """By a policy that lets it connect and subscribe to nothing."""
    iot = boto3.client("iot", endpoint_url=ready.environment["AWS_ENDPOINT_URL"], region_name="us-east-1",
                       aws_access_key_id="test", aws_secret_access_key="test")  # fmt: skip
    iot.create_policy_version(policyName="demo-policy", policyDocument=json.dumps(_CONNECTS), setAsDefault=True)
    (ready.folder / "demo/main.py").write_text(_SILENT.replace("Thing.", "thing = Thing.").replace(
        ".loop", "\nthing.on_delta(lambda state: None)\nthing.loop"))  # fmt: skip
    said = ready.run("flash", "demo", "--port", board.port, "--wait", 15, code=1).stderr
    assert "was not ready within 15 s" in said
