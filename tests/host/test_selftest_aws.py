"""What MiniStack lacks of `make aws`: Device Advisor and MQTT streams, by botocore's Stubber.

It holds each request against AWS's own model of the service, and that is all: how AWS answers is played as
https://docs.aws.amazon.com/iot/latest/developerguide/device-advisor-workflow.html tells, and unproved.
"""

import contextlib
import json
import urllib.request
from types import SimpleNamespace

import boto3
import pytest
from aws_iot_tools.errors import ToolError
from aws_iot_tools.fota import firmware, rollout
from aws_iot_tools.selftest import advisor, cost, lab, ledger
from botocore.stub import ANY, Stubber

_REGION = "eu-west-1"
_ARN = f"arn:aws:iot:{_REGION}:123456789012"
_SUITE, _RUN = "suite0123456789", "run0123456789abc"
_IDS = {"suiteDefinitionId": _SUITE, "suiteRunId": _RUN}
_TEST_ENDPOINT = f"t123.deviceadvisor.iot.{_REGION}.amazonaws.com"
_KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


class Stubs:
    """An Aws of which each service's client answers what it is told to, in order."""

    url, region = f"https://iot.{_REGION}.amazonaws.com", _REGION

    def __init__(self):
        self._clients = {}
        self.stubbers = {}

    def client(self, service):
        if service not in self._clients:
            made = boto3.client(service, region_name=_REGION, **_KEYS)
            self.stubbers[service] = Stubber(made)
            self.stubbers[service].activate()
            self._clients[service] = made
        return self._clients[service]

    @property
    def iot(self):
        return self.client("iot")

    def expect(self, service, operation, answer, parameters=None):
        self.client(service)
        self.stubbers[service].add_response(operation, answer, parameters)

    def assert_asked(self):
        for stubber in self.stubbers.values():
            stubber.assert_no_pending_responses()


@pytest.fixture
def aws():
    return Stubs()


@pytest.fixture
def made(aws, tmp_path):
    """A Lab in AWS whose thing is there."""
    with ledger.opened(tmp_path) as opened:
        made = lab.Lab(aws, opened)
        made._document = {"deviceMetadata": {
            "thingARN": f"{_ARN}:thing/{made.name}", "clientCertARN": f"{_ARN}:cert/abc", "host": "x", "port": 8883,
            "clientCert": "", "privateKey": "",
        }}  # fmt: skip
        yield made


def _expect_role(aws, name, service):
    arn = f"arn:aws:iam::123456789012:role/{name}"
    role = {"RoleName": name, "RoleId": "AROA0123456789ABCDEF", "Path": "/", "Arn": arn, "CreateDate": 0}
    aws.expect("iam", "create_role", {"Role": role}, {"RoleName": name, "AssumeRolePolicyDocument": ANY})
    aws.expect("iam", "put_role_policy", {}, {"RoleName": name, "PolicyName": "selftest", "PolicyDocument": ANY})
    return arn


def _expect_suite(aws, made):
    role = _expect_role(aws, f"{made.name}-advisor", "iotdeviceadvisor.amazonaws.com")
    device = {"thingArn": made.thing_arn, "certificateArn": made.certificate_arn}
    configuration = {
        "suiteDefinitionName": made.name, "devices": [device], "intendedForQualification": True, "rootGroup": "",
        "devicePermissionRoleArn": role, "protocol": "MqttV3_1_1",
    }  # fmt: skip
    service = "iotdeviceadvisor"
    aws.expect(service, "create_suite_definition", {"suiteDefinitionId": _SUITE},
               {"suiteDefinitionConfiguration": configuration})  # fmt: skip
    aws.expect(service, "start_suite_run", {"suiteRunId": _RUN},
               {"suiteDefinitionId": _SUITE,
                "suiteRunConfiguration": {"primaryDevice": device, "parallelRun": True}})  # fmt: skip


def _result(status, **tests):
    rows = [{"testCaseDefinitionName": name, "status": state} for name, state in tests.items()]
    return {"status": status, "testResult": {"groups": [{"groupName": "TLS", "tests": rows}]}}


def test_the_qualification_suite_runs(aws, made):
    _expect_suite(aws, made)
    running, over = _result("RUNNING", tls="PASS", mqtt="RUNNING"), _result("PASS", tls="PASS", mqtt="PASS")
    for answer in (_result("PENDING"), running, over):
        aws.expect("iotdeviceadvisor", "get_suite_run", answer, _IDS)
    aws.expect("iotdeviceadvisor", "get_suite_run_report", {"qualificationReportDownloadUrl": "https://x"}, _IDS)
    waits = []
    suite = advisor.Suite(aws, made)
    status, tests = suite.run(waits.append)
    assert (status, [(test["name"], test["status"]) for test in tests]) == ("PASS", [("tls", "PASS"), ("mqtt", "PASS")])
    assert suite.report_url() == "https://x" and len(waits) == 2
    assert [entry[:2] for entry in made.ledger.entries] == [["suite", made.name], ["role", f"{made.name}-advisor"]]
    aws.assert_asked()


class Device:
    """A device that has booted, and what was put on it."""

    def boot(self):
        return contextlib.nullcontext(SimpleNamespace(next=lambda seconds: None))


def test_the_stage_tells_the_test_that_failed(aws, made):
    device = {"thingArn": made.thing_arn, "certificateArn": made.certificate_arn}
    aws.expect("iotdeviceadvisor", "get_endpoint", {"endpoint": _TEST_ENDPOINT}, device)
    _expect_suite(aws, made)
    failed = _result("FAIL", tls="PASS", mqtt="FAIL")
    failed["testResult"]["groups"][0]["tests"][1]["failure"] = "no CONNECT was seen"
    aws.expect("iotdeviceadvisor", "get_suite_run", failed, _IDS)
    installed = []
    run = SimpleNamespace(lab=made, aws=aws, device=Device(), install=installed.append)
    with pytest.raises(ToolError, match="^the suite is FAIL: mqtt FAIL no CONNECT was seen$"):
        advisor.qualify(run)
    (files,) = installed
    assert json.loads(files["thing.conf.json"])["endpoint"] == _TEST_ENDPOINT
    aws.assert_asked()


def test_suite_runs_are_stopped_and_deleted(aws, made):
    """After Ctrl-C in its middle: stopped, waited for, deleted; the suites of others stay."""
    service = "iotdeviceadvisor"
    suites = [{"suiteDefinitionId": "other0123456789", "suiteDefinitionName": "other"},
              {"suiteDefinitionId": _SUITE, "suiteDefinitionName": made.name}]  # fmt: skip
    aws.expect(service, "list_suite_definitions", {"suiteDefinitionInformationList": suites}, {})
    aws.expect(service, "list_suite_runs", {"suiteRunsList": [{"suiteRunId": _RUN, "status": "RUNNING"}]},
               {"suiteDefinitionId": _SUITE})  # fmt: skip
    aws.expect(service, "stop_suite_run", {}, _IDS)
    for status in ("STOPPING", "STOPPED"):
        aws.expect(service, "get_suite_run", {"status": status}, _IDS)
    aws.expect(service, "delete_suite_definition", {}, {"suiteDefinitionId": _SUITE})
    made.ledger.note("suite", made.name)
    waits = []
    calls = {"suite": lambda name, _: advisor.delete_suite(aws, name, waits.append)}
    assert made.ledger.clean(calls) == [] and made.ledger.entries == [] and len(waits) == 2
    aws.assert_asked()


def test_there_is_no_device_advisor_in_this_region(aws):
    aws.url, aws.region = "https://iot.eu-central-1.amazonaws.com", "eu-central-1"
    with pytest.raises(ToolError, match="no Device Advisor in eu-central-1: pass --region with one of us-east-1"):
        advisor.check(aws)


def test_firmware_by_stream(aws, made, monkeypatch):
    """The job names a stream of the run's bucket, which its role may read; both are made on first use."""
    update = firmware.Firmware(b"data", "4.0.0", "files")
    monkeypatch.setattr(rollout, "job_name", lambda target, firm: "fota-1")
    monkeypatch.setattr(rollout, "upload", lambda aws, bucket, key, data, progress: None)
    place = {"CreateBucketConfiguration": {"LocationConstraint": _REGION}}
    aws.expect("s3", "create_bucket", {}, {"Bucket": made.name, **place})
    role = _expect_role(aws, made.name, "iot.amazonaws.com")
    files = [{"fileId": 0, "s3Location": {"bucket": made.name, "key": "fota-1"}}]
    aws.expect("iot", "create_stream", {}, {"streamId": "fota-1", "files": files, "roleArn": role})
    job = {"jobId": f"{made.name}-1", "targets": [made.thing_arn], "document": ANY, "targetSelection": "SNAPSHOT"}
    aws.expect("iot", "create_job", {}, job)
    with made.update(update, stream=True) as name:
        assert name == f"{made.name}-1"
    kinds = [entry[0] for entry in made.ledger.entries]
    assert kinds == ["bucket", "role", "stream", "job"]

    aws.expect("iot", "delete_job", {}, {"jobId": name, "force": True})
    aws.expect("iot", "delete_stream", {}, {"streamId": "fota-1"})
    aws.expect("iam", "delete_role_policy", {}, {"RoleName": made.name, "PolicyName": "selftest"})
    aws.expect("iam", "delete_role", {}, {"RoleName": made.name})
    aws.expect("s3", "list_objects_v2", {"Contents": [{"Key": "fota-1"}]}, {"Bucket": made.name})
    aws.expect("s3", "delete_object", {}, {"Bucket": made.name, "Key": "fota-1"})
    aws.expect("s3", "delete_bucket", {}, {"Bucket": made.name})
    assert made.ledger.clean(lab.removers(aws)) == []
    aws.assert_asked()


def test_a_role_that_aws_does_not_know_yet_is_waited_for(aws, made, monkeypatch):
    monkeypatch.setattr(lab.time, "sleep", lambda seconds: None)
    made.ledger.note("role", made.name)
    aws.client("iot")
    aws.stubbers["iot"].add_client_error("create_job", "InvalidRequestException", "Role can not be assumed")
    aws.expect("iot", "create_job", {})
    assert made.job({"operation": "x"}) == f"{made.name}-1"
    aws.assert_asked()


def test_what_cannot_be_deleted_is_kept_and_told(aws, made):
    made.ledger.note("stream", "a")
    made.ledger.note("bucket", "b")
    aws.client("iot")
    aws.expect("s3", "list_objects_v2", {}, {"Bucket": "b"})
    aws.expect("s3", "delete_bucket", {}, {"Bucket": "b"})
    aws.stubbers["iot"].add_client_error("delete_stream", "InternalFailureException", "try later")
    ((entry, error),) = made.ledger.clean(lab.removers(aws))
    assert entry[:2] == ["stream", "a"] and "try later" in str(error)
    assert [entry[0] for entry in made.ledger.entries] == ["stream"]
    assert made.ledger.folder.exists()
    aws.stubbers["iot"].add_client_error("delete_stream", "ResourceNotFoundException", "gone")
    assert made.ledger.clean(lab.removers(aws)) == [] and not made.ledger.folder.exists()


def test_the_cost_is_a_number_with_its_page_and_its_day():
    run = SimpleNamespace(rounds=200, minutes=0, qualification=False)
    total, _ = cost.told(run)
    assert 0.01 < total < 0.05
    said = cost.sentence(run)
    assert said.startswith("It costs about $0.02 (numbers estimated, prices read on 2026-09-20")
    assert "https://aws.amazon.com/iot-core/pricing/" in said and "Device Advisor" not in said
    run.qualification = True
    assert "and what Device Advisor takes" in cost.sentence(run) and "NOT in the sum" in cost.sentence(run)


def test_a_board_on_the_network_gets_its_firmware_from_this_computer(made, monkeypatch):
    """The local AWS's S3 listens on loopback only. With Range, for a download that was cut."""
    with lab.serve(b"0123456789", "127.0.0.1") as url:
        assert urllib.request.urlopen(url).read() == b"0123456789"
        asked = urllib.request.Request(url, headers={"Range": "bytes=4-"})
        with urllib.request.urlopen(asked) as answer:
            assert (answer.status, answer.headers["Content-Range"], answer.read()) == (206, "bytes 4-9/10", b"456789")
    made.cloud = SimpleNamespace(mqtt_host="192.0.2.1", enforces=True)
    jobs = []
    monkeypatch.setattr(lab.mosquitto, "lan_addresses", lambda: ["127.0.0.1"])
    monkeypatch.setattr(made, "job", jobs.append)
    update = firmware.Firmware(b"data", "2.0.0", "files")
    with made.update(update):
        (document,) = jobs
        assert urllib.request.urlopen(document["url"]).read() == b"data"
    assert document["signature"], "it comes by plain HTTP"
