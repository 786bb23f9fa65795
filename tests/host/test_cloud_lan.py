"""thing cloud up --lan: boards on the network get MQTT with their certificates and presigned URLs, others nothing.

127.0.0.2 stands in for this computer's address on the network: it is not the one that the gateway is for.
"""

import base64
import datetime
import http.client
import json
import os
import re
import urllib.parse

import boto3
import pytest
from aws_iot_tools.board.probe import Probe
from botocore.auth import S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .conftest import TRUST
from .test_cloud import cloud, use  # noqa: F401  the fixture

_LAN = "127.0.0.2"
_READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


@pytest.fixture
def lan(cloud):  # noqa: F811
    """The port of the APIs, with a bucket that has an object, a role that may read it, and a project with a thing."""
    cloud.run(*cloud.up, "--lan", "--address", _LAN)
    cloud.environment.update(use(cloud))
    cloud.client = lambda service, **keys: boto3.client(
        service, endpoint_url=cloud.environment["AWS_ENDPOINT_URL"], region_name="us-east-1",
        **(keys or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}),
    )  # fmt: skip
    cloud.client("s3").create_bucket(Bucket="firmware")
    cloud.client("s3").put_object(Bucket="firmware", Key="app", Body=b"0123456789")
    iam = cloud.client("iam")
    iam.create_role(RoleName="fota", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName="fota", PolicyName="read", PolicyDocument=json.dumps(_READ))
    return urllib.parse.urlparse(cloud.environment["AWS_ENDPOINT_URL"]).port


def _ask(port: int, path: str, method: str = "GET", headers=(), body=None) -> tuple:
    connection = http.client.HTTPConnection(_LAN, port, timeout=60)
    connection.request(method, path, body, dict(headers))
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def _presigned(port: int, keys: Credentials, path="/firmware/app", method="GET", expires=300, ago_s=0) -> str:
    """A URL as of so many seconds ago."""

    class Then(S3SigV4QueryAuth):
        def _modify_request_before_signing(self, request) -> None:
            then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=ago_s)
            request.context["timestamp"] = then.strftime("%Y%m%dT%H%M%SZ")
            super()._modify_request_before_signing(request)

    request = AWSRequest(method, f"http://{_LAN}:{port}{path}")
    Then(keys, "s3", "us-east-1", expires).add_auth(request)
    return request.url.partition(str(port))[2]


_SERVICES = ("iot", "iot-data", "iot-jobs-data", "iam", "sts", "s3", "s3control", "lambda", "dynamodb", "logs")


def test_no_call_of_any_api_passes(cloud, lan):  # noqa: F811
    """Each operation that AWS's own descriptions of the services have, signed by root and not at all."""
    connection = http.client.HTTPConnection(_LAN, lan, timeout=60)
    answered = {}
    for service in _SERVICES:
        for method, path, headers in _calls(service):
            for more in ({}, _signed(lan, Credentials("test", "test"), service)):
                connection.request(method, path, b"", {**headers, **more, "Host": f"{_LAN}:{lan}"})
                answer = connection.getresponse()
                answer.read()
                answered.setdefault(answer.status, []).append((service, method, path))
    assert set(answered) == {403}, {status: calls[:5] for status, calls in answered.items() if status != 403}
    assert len(answered[403]) > 1000
    assert cloud.run("list").stdout == "no things\n"


def _calls(service: str) -> list:
    """(method, path, headers) of each operation, its parameters filled in."""
    model = boto3.client(service, region_name="us-east-1").meta.service_model
    found = {}
    for name in model.operation_names:
        http_part = model.operation_model(name).http
        path = re.sub(r"{[^}]*}", "firmware", http_part["requestUri"])
        target = model.metadata.get("targetPrefix")
        headers = {"X-Amz-Target": f"{target}.{name}"} if target else {}
        found[http_part["method"], path, name if target else ""] = headers
    return [(method, path, headers) for (method, path, _), headers in found.items()]


def test_what_passes_and_what_does_not(cloud, lan):  # noqa: F811
    role = "arn:aws:iam::000000000000:role/fota"
    session = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="board")["Credentials"]
    keys = Credentials(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    good = _presigned(lan, keys)
    assert _ask(lan, good) == (200, b"0123456789")
    assert _ask(lan, _presigned(lan, keys, ago_s=200))[0] == 200, "of 300 s"
    assert _ask(lan, good, headers={"Range": "bytes=2-4"}) == (206, b"234")

    root, wrong = Credentials("test", "test"), Credentials(keys.access_key, "wrong", keys.token)
    refused = {
        "root's keys": _presigned(lan, root),
        "an account's number": _presigned(lan, Credentials("000000000000", "test")),
        "a wrong secret": _presigned(lan, wrong),
        "no token": _presigned(lan, Credentials(keys.access_key, keys.secret_key)),
        "expired": _presigned(lan, keys, ago_s=400),
        "not signed yet": _presigned(lan, keys, ago_s=-4000),
        "for longer than a week": _presigned(lan, keys, expires=604801),
        "for less than no time": _presigned(lan, keys, expires=-60),
        "another object": good.replace("/firmware/app", "/firmware/other"),
        "no signature": "/firmware/app",
        "a listing": "/firmware",
        "buckets": "/",
        "things": "/things",
        "signed for things": _presigned(lan, keys, "/things"),
        "health": "/_ministack/health",
        "signed for health": _presigned(lan, keys, "/_ministack/health"),
        "the CA's page": "/_ministack/iot/ca.pem",
    }
    assert {what: _ask(lan, path)[0] for what, path in refused.items()} == dict.fromkeys(refused, 403)
    for method in ("HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"):
        assert _ask(lan, _presigned(lan, keys, method=method), method)[0] == 403, method
    assert _ask(lan, "/_ministack/reset", "POST")[0] == 403
    assert (
        _ask(lan, "/", "POST", _signed(lan, root, "iam"), "Action=CreateUser&UserName=x&Version=2010-05-08")[0] == 403
    )
    # what is signed for S3 is not taken for another service by its headers
    steered = {"X-Amz-Target": "AWSSecurityTokenServiceV20110615.GetCallerIdentity", **_signed(lan, root, "iot")}
    assert _ask(lan, good, headers=steered) == (200, b"0123456789")
    upgrade = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), "Sec-WebSocket-Protocol": "mqtt",
    }  # fmt: skip
    assert _ask(lan, "/mqtt", headers=upgrade)[0] == 403
    assert cloud.run("list").stdout == "no things\n", "this computer is served as ever"


def _signed(port: int, keys: Credentials, service: str) -> dict:
    request = AWSRequest("POST", f"http://{_LAN}:{port}/", data="")
    SigV4Auth(keys, service, "us-east-1").add_auth(request)
    return dict(request.headers)


def test_a_board_on_the_network_gets_its_update(cloud, lan):  # noqa: F811
    """Its endpoint is the network's address, its URL too; policies are enforced."""
    cloud.run("new", "demo")
    cloud.run("add", "demo")
    config = json.loads((cloud.folder / "demo/thing.conf.json").read_text())
    assert config["endpoint"] == _LAN
    assert cloud.run("doctor", "demo").stdout.count("ok ") == 9
    (cloud.folder / "demo/app.py").write_text('VERSION = "1.0.0"\n')
    cloud.run("fota", "demo_0", "demo", "firmware", "fota")
    probe = Probe(_LAN, config["port"])
    probe.open()
    folder = cloud.folder / "demo"
    probe.secure((folder / config["cacert"]).read_text(), folder / "certificate.pem.crt", folder / "private.pem.key")
    assert probe.connect("demo_0") == 0
    probe.subscribe("$aws/things/demo_0/jobs/$next/get/accepted")
    probe.publish("$aws/things/demo_0/jobs/$next/get")
    document = json.loads(probe.receive()[1])["execution"]["jobDocument"]
    url = urllib.parse.urlparse(_url(document))
    assert (url.hostname, url.port) == (_LAN, lan)
    assert _ask(lan, f"{url.path}?{url.query}")[0] == 200
    probe.close()


def _url(document) -> str:
    """The one URL in a job's document."""
    if isinstance(document, dict):
        return next(filter(None, map(_url, document.values())), "")
    return document if isinstance(document, str) and document.startswith("http") else ""
