"""thing cloud up --lan: boards on the network get what their certificates and their AWS keys allow, and presigned URLs;
others nothing.

127.0.0.2 stands in for this computer's address on the network: it is not the one that the gateway is for.
"""

import base64
import datetime
import http.client
import json
import os
import re
import ssl
import urllib.parse

import boto3
import pytest
from aws_iot_tools.board.probe import Probe
from botocore.auth import S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .conftest import TRUST
from .test_cloud import cloud, use  # noqa: F401  the fixture

pytestmark = pytest.mark.local_aws

_LAN = "127.0.0.2"
_UPGRADE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), "Sec-WebSocket-Protocol": "mqtt",
}  # fmt: skip
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
    request = AWSRequest(method, f"http://{_LAN}:{port}{path}")
    _then(S3SigV4QueryAuth, ago_s)(keys, "s3", "us-east-1", expires).add_auth(request)
    return request.url.partition(str(port))[2]


_SERVICES = ("iot", "iot-data", "iot-jobs-data", "iam", "sts", "s3", "s3control", "lambda", "dynamodb", "logs")


def test_no_call_of_any_api_passes(cloud, lan):  # noqa: F811
    """Each operation that AWS's own descriptions of the services have, signed by root and not at all."""
    root = Credentials("test", "test")
    _all_refused(http.client.HTTPConnection(_LAN, lan, timeout=60), lambda call: [{}, _signed(lan, root, call[0])])
    assert cloud.run("list").stdout == "no things\n"


def _all_refused(connection, signatures, services=_SERVICES):
    """Each of the operations with each of signatures(call) is answered 403."""
    answered = {}
    for service in services:
        for method, path, headers in _calls(service):
            for more in signatures((service, method, path)):
                connection.request(method, path, b"", {"Host": f"{_LAN}:{connection.port}", **headers, **more})
                answer = connection.getresponse()
                answer.read()
                answered.setdefault(answer.status, []).append((service, method, path))
    assert set(answered) == {403}, {status: calls[:5] for status, calls in answered.items() if status != 403}
    assert len(answered[403]) > 500


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
    assert _ask(lan, "/mqtt", headers=_UPGRADE)[0] == 403
    assert cloud.run("list").stdout == "no things\n", "this computer is served as ever"


def _signed(port: int, keys: Credentials, service: str) -> dict:
    request = AWSRequest("POST", f"http://{_LAN}:{port}/", data="")
    SigV4Auth(keys, service, "us-east-1").add_auth(request)
    return dict(request.headers)


class _Doors:
    """What stands in the project of a thing, and how to come in by it from the network."""

    def __init__(self, cloud):  # noqa: F811
        cloud.run("new", "demo")
        cloud.run("add", "demo")
        cloud.run("role-alias", "create", "demo")
        self.folder = cloud.folder / "demo"
        config = json.loads((self.folder / "thing.conf.json").read_text())
        self.host, self.ports, self.cloud = config["host"], config["ports"], cloud
        self.name = f"{self.host}:{self.ports['wss']}"
        self._ca = (self.folder / config["cacert"]).read_text()

    def open(self, door, certificate=False) -> http.client.HTTPConnection:
        context = ssl.create_default_context(cadata=self._ca)
        if certificate:
            context.load_cert_chain(self.folder / "certificate.pem.crt", self.folder / "private.pem.key")
        link = http.client.HTTPConnection(_LAN, self.ports[door], timeout=60)
        link.connect()
        link.sock = context.wrap_socket(link.sock, server_hostname=self.host)
        return link

    def ask(self, door, path, method="GET", headers=(), body=None, certificate=False) -> tuple:
        link = self.open(door, certificate)
        link.request(method, path, body, {"Host": self.name, **dict(headers)})
        answer = link.getresponse()
        content = answer.read()
        link.close()
        return answer.status, content

    def signed(self, keys, path, method="GET", body=b"", service="iotdata", ago_s=0) -> dict:
        """The head of a request as of so many seconds ago."""
        request = AWSRequest(method, f"https://{self.name}{path}", data=body)
        _then(SigV4Auth, ago_s)(keys, service, "us-east-1").add_auth(request)
        return dict(request.headers)

    def upgrade(self, keys, service="iotdevicegateway", ago_s=0, host=None) -> str:
        """The path of a WebSocket, the token not signed."""
        request = AWSRequest("GET", f"https://{host or self.name}/mqtt")
        bare = Credentials(keys.access_key, keys.secret_key)
        _then(SigV4QueryAuth, ago_s)(bare, service, "us-east-1", expires=60).add_auth(request)
        token = f"&X-Amz-Security-Token={urllib.parse.quote(keys.token, safe='')}" if keys.token else ""
        return "/mqtt?" + request.url.partition("?")[2] + token

    def temporary(self) -> Credentials:
        """By the role alias, as the thing fetches them."""
        path = "/role-aliases/demo-keys/credentials"
        found = self.ask("https", path, headers={"x-amzn-iot-thingname": "demo_0"}, certificate=True)
        made = json.loads(found[1])["credentials"]
        return Credentials(made["accessKeyId"], made["secretAccessKey"], made["sessionToken"])


def _then(kind, ago_s):
    """A signer of botocore's that signs as of so many seconds ago."""

    class Then(kind):
        def _modify_request_before_signing(self, request) -> None:
            then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=ago_s)
            request.context["timestamp"] = then.strftime("%Y%m%dT%H%M%SZ")
            super()._modify_request_before_signing(request)

    return Then


@pytest.fixture
def doors(cloud, lan):  # noqa: F811
    return _Doors(cloud)


@pytest.fixture
def keys(cloud, doors):  # noqa: F811
    """Keys of an IAM user that may do everything."""
    iam = cloud.client("iam")
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.create_user(UserName="device")
    iam.put_user_policy(UserName="device", PolicyName="all", PolicyDocument=json.dumps(everything))
    made = iam.create_access_key(UserName="device")["AccessKey"]
    return Credentials(made["AccessKeyId"], made["SecretAccessKey"])


_SHADOW = "/things/demo_0/shadow"
_REPORT = b'{"state":{"reported":{"led":1}}}'


def test_data_with_keys_from_the_network(cloud, doors, keys):  # noqa: F811
    """Those of IAM and of STS pass, with whatever is wrong nobody does; what passes is AWS IoT's data alone."""
    temporary = doors.temporary()
    for number, good in enumerate((keys, temporary)):
        for path, body in ((_SHADOW, _REPORT), (f"/topics/dt/demo_0/{number}?qos=1", b"x")):
            assert doors.ask("https-sigv4", path, "POST", doors.signed(good, path, "POST", body), body)[0] == 200, path
        status, body = doors.ask("https-sigv4", _SHADOW, headers=doors.signed(good, _SHADOW))
        assert (status, json.loads(body)["state"]) == (200, {"reported": {"led": 1}})
    other = "/things/other/shadow"
    assert doors.ask("https-sigv4", other, headers=doors.signed(temporary, other))[0] == 403
    wrong = Credentials(keys.access_key, "wrong")
    refused = {
        "root's keys": doors.signed(Credentials("test", "test"), _SHADOW),
        "an account's number": doors.signed(Credentials("000000000000", "test"), _SHADOW),
        "no signature": {},
        "a wrong secret": doors.signed(wrong, _SHADOW),
        "unknown keys": doors.signed(Credentials("AKIAIOSFODNN7EXAMPLE", "x"), _SHADOW),
        "no token": doors.signed(Credentials(temporary.access_key, temporary.secret_key), _SHADOW),
        "a wrong token": doors.signed(Credentials(temporary.access_key, temporary.secret_key, "x"), _SHADOW),
        "an old date": doors.signed(keys, _SHADOW, ago_s=400),
        "a date to come": doors.signed(keys, _SHADOW, ago_s=-400),
        "another service": doors.signed(keys, _SHADOW, service="iot"),
        "another path": doors.signed(keys, "/things/demo_1/shadow"),
        "two signatures": {**doors.signed(keys, _SHADOW), "authorization": "AWS4-HMAC-SHA256 Credential=test"},
        "another host": {**doors.signed(keys, _SHADOW), "Host": "x.execute-api.us-east-1.localhost"},
    }
    assert {what: doors.ask("https-sigv4", _SHADOW, headers=headers)[0] for what, headers in refused.items()} == (
        dict.fromkeys(refused, 403)
    )
    more = (f"{_SHADOW}?Action=ListUsers", f"{_SHADOW}?X-Amz-Credential=test%2Fx", "/connections/demo_0", "/things")
    for path in more:
        assert doors.ask("https-sigv4", path, headers=doors.signed(keys, path))[0] == 403, path
    steered = {**doors.signed(keys, _SHADOW), "X-Amz-Target": "AWSSecurityTokenServiceV20110615.GetCallerIdentity"}
    assert "reported" in doors.ask("https-sigv4", _SHADOW, headers=steered)[1].decode()
    others = [service for service in _SERVICES if service != "iot-data"]
    _all_refused(
        doors.open("https-sigv4"),
        lambda call: [{"Host": doors.name, **doors.signed(keys, call[2].partition("?")[0], call[1])}],
        others,
    )


def test_mqtt_with_keys_from_the_network(cloud, doors, keys):  # noqa: F811
    temporary = doors.temporary()
    for good in (keys, temporary):
        probe = Probe(_LAN, doors.ports["wss"], name=doors.host)
        probe.open()
        probe.secure((doors.folder / "cloud-ca.pem").read_text())
        lines = [f"GET {doors.upgrade(good)} HTTP/1.1", f"Host: {doors.name}", *map(": ".join, _UPGRADE.items())]
        assert probe.ask("\r\n".join(lines) + "\r\n\r\n").status == 101
        probe.in_frames()
        assert probe.connect("demo_0") == 0
        probe.close()
    refused = {
        "root's keys": doors.upgrade(Credentials("test", "test")),
        "no signature": "/mqtt",
        "a wrong secret": doors.upgrade(Credentials(keys.access_key, "wrong")),
        "a wrong token": doors.upgrade(Credentials(temporary.access_key, temporary.secret_key, "x")),
        "no token": doors.upgrade(Credentials(temporary.access_key, temporary.secret_key)),
        "an old date": doors.upgrade(keys, ago_s=400),
        "another service": doors.upgrade(keys, service="execute-api"),
        "another path": doors.upgrade(keys).replace("/mqtt", "/other"),
        "root's beside": doors.upgrade(keys) + "&x-amz-credential=test%2F1%2F2%2F3%2F4",
        "twice": doors.upgrade(keys) + "&X-Amz-Credential=test%2F1%2F2%2F3%2F4",
    }
    assert {what: doors.ask("wss", path, headers=_UPGRADE)[0] for what, path in refused.items()} == (
        dict.fromkeys(refused, 403)
    )
    gateway = "x.execute-api.us-east-1.localhost"
    headers = {**_UPGRADE, "Host": gateway}
    assert doors.ask("wss", doors.upgrade(keys, host=gateway), headers=headers)[0] == 403


def test_data_with_a_certificate_from_the_network(cloud, doors):  # noqa: F811
    """Its own shadow and its own keys; nobody else's, and no call of any API."""
    iot = cloud.client("iot")
    arn = iot.describe_thing(thingName="demo_0")["thingArn"]
    document = {"Effect": "Allow", "Action": "iot:UpdateThingShadow", "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [document]})
    iot.create_policy(policyName="https", policyDocument=document)
    (certificate,) = iot.list_thing_principals(thingName="demo_0")["principals"]
    iot.attach_policy(policyName="https", target=certificate)
    assert doors.ask("https", _SHADOW, "POST", body=_REPORT, certificate=True)[0] == 200
    assert doors.ask("https", _SHADOW, certificate=True)[0] == 403, "not allowed"
    assert doors.ask("https", "/things/other/shadow", "POST", body=_REPORT, certificate=True)[0] == 403
    keys = "/role-aliases/{}/credentials"
    asked = {"x-amzn-iot-thingname": "demo_0"}
    assert doors.ask("https", keys.format("demo-keys"), headers=asked, certificate=True)[0] == 200
    assert doors.ask("https", keys.format("demo-keys"), certificate=True)[0] == 403, "no thing"
    assert doors.ask("https", keys.format("other"), headers=asked, certificate=True)[0] == 403
    root = doors.signed(Credentials("test", "test"), "/things")
    assert doors.ask("https", "/things", headers=root, certificate=True)[0] == 403
    _all_refused(doors.open("https", certificate=True), lambda call: [{}])
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        doors.ask("https", _SHADOW)
    iot.update_certificate(certificateId=certificate.rpartition("/")[2], newStatus="INACTIVE")
    assert doors.ask("https", _SHADOW, "POST", body=_REPORT, certificate=True)[0] == 403
    assert doors.ask("https", keys.format("demo-keys"), headers=asked, certificate=True)[0] == 403


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
