"""What things do by HTTPS and with AWS keys is counted, reviewed and priced as what they do by MQTT is."""

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request

from aws_iot_tools.cloud import calls
from aws_iot_tools.things import policy
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .test_cloud import cloud  # noqa: F401  the fixture
from .test_cloud_doors import _client, _project
from .test_review import _counted

_SHADOW = "/things/demo_0/shadow"
_STATE = b'{"state": {"reported": {"a": 1}}}'
_SAMPLES = "/topics/dt/demo_0/samples"


class Desk:
    """Calls as the thing of a project makes them, by either door."""

    def __init__(self, project) -> None:
        self._config = json.loads((project / "thing.conf.json").read_text())
        self._trust = str(project / self._config["cacert"])
        self._certificate = project / "certificate.pem.crt", project / "private.pem.key"

    def by_certificate(self, method: str, path: str, body: bytes = b"", **headers) -> tuple[int, bytes]:
        return self._ask("https", method, path, body, headers)

    def by_keys(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        alias, name = self._config["role_alias"], self._config["mqttid"]
        provider = f"/role-aliases/{alias}/credentials"
        found = json.loads(self.by_certificate("GET", provider, **{"x-amzn-iot-thingname": name})[1])["credentials"]
        keys = Credentials(found["accessKeyId"], found["secretAccessKey"], found["sessionToken"])
        request = AWSRequest(method, f"https://{self._config['host']}{path}", data=body)
        SigV4Auth(keys, "iotdata", "us-east-1").add_auth(request)
        return self._ask("https-sigv4", method, path, body, {**request.headers, "Host": self._config["host"]})

    def _ask(self, door, method, path, body, headers) -> tuple[int, bytes]:
        context = ssl.create_default_context(cafile=self._trust)
        context.load_cert_chain(*self._certificate)
        url = f"https://localhost:{self._config['ports'][door]}{path}"
        request = urllib.request.Request(url, body or None, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60, context=context) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


def test_by_each_door(cloud):  # noqa: F811
    project = _project(cloud)
    desk = Desk(project)
    for _ in range(2):
        assert desk.by_certificate("POST", _SHADOW, _STATE)[0] == 200
        assert desk.by_keys("POST", _SHADOW, _STATE)[0] == 200
    assert desk.by_certificate("GET", _SHADOW)[0] == 200
    assert desk.by_certificate("POST", _SAMPLES, b"x" * 5121)[0] == 200
    assert desk.by_certificate("POST", f"{_SAMPLES}?retain=true", b"x")[0] == 403
    assert desk.by_keys("POST", "/topics/alerts", b"x")[0] == 403
    found = _counted(cloud, lambda each: "iot:Publish" in each["keys"] and "iot:RetainPublish" in each["https"])
    assert found["https"]["iot:UpdateThingShadow"] == found["keys"]["iot:UpdateThingShadow"] == {"thing/demo_0": [2, 0]}
    assert found["https"]["iot:RetainPublish"] == {"topic/dt/demo_0/samples": [0, 1]}
    # reports and their answers; the shadow; a sample of two messages; two refusals with what they say
    assert (found["messages"], found["operations"]) == (4 * 2 + 1 + 2 + 2 * 2, 5)
    assert cloud.json("cost", "demo")["rows"][1]["count"] > 0

    said = cloud.json("policy", "review", "demo")
    assert said["too_little"] == [], "what is missing is missing by HTTPS"
    assert "rolealias/demo-keys" in json.dumps(said["smallest"]) and "rolealias" not in json.dumps(said["too_much"])
    thing = {"things": ["demo_0"]}
    retained = {"action": "iot:RetainPublish", "resource": f"topic/dt/{policy.OF_CERTIFICATE}/samples", **thing}
    assert said["https"]["too_little"] == [retained]
    own = f"thing/{policy.OF_CERTIFICATE}"
    idle = {(each["action"].partition("iot:")[2], each["resource"]) for each in said["https"]["too_much"]}
    assert ("DeleteThingShadow", own) in idle and ("GetThingShadow", f"{own}/*") in idle
    assert not {("GetThingShadow", own), ("UpdateThingShadow", own)} & idle
    assert said["keys"]["too_little"] == [{"action": "iot:Publish", "resource": "topic/alerts", **thing}]
    idle = {(each["action"], each["resource"]) for each in said["keys"]["too_much"]}
    assert ("iot:DeleteThingShadow", f"thing/{policy.KEYS_THING}") in idle
    told = cloud.run("policy", "review", "demo").stdout
    assert "by HTTPS with a certificate" in told and "with AWS keys by the role alias" in told

    _make_it_enough(cloud, said)
    assert desk.by_certificate("POST", f"{_SAMPLES}?retain=true", b"x")[0] == 200
    assert desk.by_certificate("GET", _SHADOW)[0] == desk.by_certificate("POST", _SHADOW, _STATE)[0] == 200
    assert desk.by_keys("POST", "/topics/alerts", b"x")[0] == desk.by_keys("POST", _SHADOW, _STATE)[0] == 200
    assert cloud.json("policy", "review", "demo")["https"]["too_little"] == []
    for by in (desk.by_keys, desk.by_certificate):
        assert by("DELETE", _SHADOW)[0] == 403, "no more than was used"


def _make_it_enough(cloud, said) -> None:  # noqa: F811
    """What the review proposes, in the place of what there was."""
    by_https = json.dumps(said["https"]["smallest"])
    iot, iam = _client(cloud, "iot"), _client(cloud, "iam")
    iot.create_policy_version(policyName="demo-policy-additions", policyDocument=by_https, setAsDefault=True)
    iam.put_role_policy(RoleName="demo-keys", PolicyName="thing", PolicyDocument=json.dumps(said["keys"]["smallest"]))


def test_the_rights_that_calls_need():
    """https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-actions.html"""
    for call, needs in (
        (("GET", "/things/a/shadow", "name=b"), [("iot:GetThingShadow", "thing/a/b")]),
        (("DELETE", "/things/a/shadow", ""), [("iot:DeleteThingShadow", "thing/a")]),
        (("POST", "/topics/a/b", "qos=1"), [("iot:Publish", "topic/a/b")]),
        (("GET", "/retainedMessage/a/b", ""), [("iot:GetRetainedMessage", "topic/a/b")]),
        (("GET", "/retainedMessage", ""), [("iot:ListRetainedMessages", "*")]),
        (("PUT", "/things/a/shadow", ""), []), (("GET", "/", ""), []), (("GET", "/things/a", ""), []),
    ):  # fmt: skip
        assert calls.needs(*call) == needs
