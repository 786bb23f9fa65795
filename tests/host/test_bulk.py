"""add-things --bulk. MiniStack lacks StartThingRegistrationTask and its kin: botocore's Stubber answers these, and the
certificates in the results are real ones, made from the requests that were put into its S3."""

import json
from pathlib import Path

import pytest
from aws_iot_tools import pki
from aws_iot_tools.cloud.aws import Aws
from aws_iot_tools.errors import ToolError
from aws_iot_tools.things import bulk, creation, things
from aws_iot_tools.things.project import Project
from botocore.stub import ANY, Stubber

_ROLE = "arn:aws:iam::123456789012:role/registration"
_TASK = "c0ffee00-1111-2222-3333-444444444444"


class Played:
    """The registration task, played as https://docs.aws.amazon.com/iot/latest/developerguide/bulk-provisioning.html
    describes it: one JSON document per line in, reports behind links out."""

    def __init__(self, account, folder: Path, monkeypatch) -> None:
        for name, value in account.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(bulk, "_POLL_S", 0.01)
        self.account, self.folder = account, folder
        self.aws = Aws()
        self.bucket = f"requests-{account.number}"
        account.client("s3").create_bucket(Bucket=self.bucket)
        self.stub = Stubber(self.aws.iot)
        self.stub.activate()

    def requests(self) -> list:
        s3 = self.account.client("s3")
        (entry,) = s3.list_objects_v2(Bucket=self.bucket)["Contents"]
        lines = s3.get_object(Bucket=self.bucket, Key=entry["Key"])["Body"].read().splitlines()
        return [json.loads(line) for line in lines]

    def register(self, refused=()) -> None:
        """Make what the lines ask for, and write the results as a file behind a link."""
        iot = self.account.client("iot")
        results = []
        for line in self.requests():
            if line["ThingName"] not in refused:
                iot.create_thing(thingName=line["ThingName"])
                made = iot.create_certificate_from_csr(certificateSigningRequest=line["CSR"], setAsActive=True)
                arns = {"certificate": made["certificateArn"]}
                results.append({"response": {"CertificatePem": made["certificatePem"], "ResourceArns": arns}})
        (self.folder / "results").write_text("".join(f"{json.dumps(row)}\n" for row in results))

    def expect_start(self) -> None:
        sent = {"templateBody": ANY, "inputFileBucket": self.bucket, "inputFileKey": ANY, "roleArn": _ROLE}
        self.stub.add_response("start_thing_registration_task", {"taskId": _TASK}, sent)

    def expect_end(self, status="Completed", failed=0) -> None:
        task = {"taskId": _TASK}
        self.stub.add_response(
            "describe_thing_registration_task", {"status": "InProgress", "percentageProgress": 50}, task
        )
        answer = {"status": status, "failureCount": failed, "percentageProgress": 100}
        self.stub.add_response("describe_thing_registration_task", answer, task)
        link = (self.folder / "results").as_uri()
        asked = {"taskId": _TASK, "reportType": "RESULTS"}
        self.stub.add_response("list_thing_registration_task_reports", {"resourceLinks": [link]}, asked)

    def add(self, project, number):
        report = creation.prepare(project, number, "fleet", "ec")
        return bulk.add(self.aws, project, report, "demo-policy", self.bucket, _ROLE, lambda text: None)


@pytest.fixture
def played(account, project, tmp_path, monkeypatch):
    return Played(account, tmp_path, monkeypatch)


@pytest.fixture
def opened(project):
    project = Project.open(project)
    project.change_state(**project.state())
    return project


def _register_when_started(played, monkeypatch, **options) -> None:
    """The task does its work between its start and the first question about it."""
    waiting = bulk._wait
    monkeypatch.setattr(bulk, "_wait", lambda *words: (played.register(**options), waiting(*words))[1])


def test_all_are_registered(played, opened, account, monkeypatch):
    played.expect_start()
    played.expect_end()
    _register_when_started(played, monkeypatch)
    report = played.add(opened, 5)
    assert (report.created, report.left, report.failure, report.active) == (5, 0, None, "fleet_0")
    made = {row["certificateArn"] for row in account.certificates()}
    for name in report.names:
        record = opened.record(name)
        assert record.get("done") and record.get("cert_arn") in made
        assert record.key_path.stat().st_mode & 0o777 == 0o600
        pki.check_pair(record.certificate_path.read_bytes(), record.key_path.read_bytes())
    played.stub.assert_no_pending_responses()
    assert "Contents" not in account.client("s3").list_objects_v2(Bucket=played.bucket)
    assert not opened.state().get("task") and not opened.state().get("plan")


def test_the_template_is_as_aws_wants_it(opened):
    document = bulk.template("owner", "demo-policy")
    kinds = {row["Type"] for row in document["Resources"].values()}
    assert kinds == {"AWS::IoT::Thing", "AWS::IoT::Certificate", "AWS::IoT::Policy"}
    assert len(json.dumps(document)) < 10240


def test_what_is_refused_is_left_for_another_run(played, opened, monkeypatch):
    played.expect_start()
    played.expect_end(failed=2)
    _register_when_started(played, monkeypatch, refused=("fleet_1", "fleet_3"))
    report = played.add(opened, 5)
    assert (report.created, report.left) == (3, 2)
    assert "2 were refused" in str(report.failure)
    assert opened.state()["plan"]["count"] == 5


def test_a_stop_after_the_start_is_taken_up(played, opened, monkeypatch):
    """Killed while it waited: the task's id is on disk, and nothing is started twice."""
    played.expect_start()
    monkeypatch.setattr(bulk, "_wait", lambda *words: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        played.add(opened, 3)
    monkeypatch.undo()
    played.register()
    for name, value in played.account.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(bulk, "_POLL_S", 0.01)
    played.expect_end()
    assert played.add(opened, 3).created == 3
    played.stub.assert_no_pending_responses()


def test_a_stop_before_the_id_was_known_is_taken_up(played, opened, monkeypatch):
    """Killed between the start and its answer: the task is found by its input file."""
    sent = {"templateBody": ANY, "inputFileBucket": played.bucket, "inputFileKey": ANY, "roleArn": _ROLE}
    played.stub.add_client_error(
        "start_thing_registration_task", "InternalFailureException", http_status_code=500, expected_params=sent
    )
    with pytest.raises(Exception, match="InternalFailure"):
        played.add(opened, 2)
    played.register()
    key = opened.state()["task"]["key"]
    played.stub.add_response("list_thing_registration_tasks", {"taskIds": [_TASK]}, {})
    played.stub.add_response("describe_thing_registration_task", {"inputFileKey": key}, {"taskId": _TASK})
    played.expect_end()
    assert played.add(opened, 2).created == 2


def test_clean_up_finds_what_a_task_made_and_nobody_took(played, opened, account, thing, monkeypatch):
    played.expect_start()
    monkeypatch.setattr(bulk, "_wait", lambda *words: (_ for _ in ()).throw(ToolError("stopped")))
    with pytest.raises(ToolError):
        played.add(opened, 2)
    for line in played.requests():
        attributes = {"attributes": {"project": opened.state()["project"]}}
        account.client("iot").create_thing(thingName=line["ThingName"], attributePayload=attributes)
        made = account.client("iot").create_certificate_from_csr(
            certificateSigningRequest=line["CSR"], setAsActive=True
        )
        account.client("iot").attach_thing_principal(thingName=line["ThingName"], principal=made["certificateArn"])
    thing.run("cleanup", "demo", "--yes")
    assert account.thing_names() == [] and account.certificates() == []
    assert "Contents" not in account.client("s3").list_objects_v2(Bucket=played.bucket)


def test_who_is_refused_can_go_on_without_it_and_clean_up(played, opened, account, thing):
    """Neither asks for tasks, which there are none of: MiniStack lacks the listing, and not everybody may list."""
    played.stub.add_client_error("start_thing_registration_task", "UnauthorizedException", http_status_code=403)
    with pytest.raises(Exception, match="Unauthorized"):
        played.add(opened, 2)
    thing.run("cleanup", "demo", "--yes")
    account.assert_empty()
    assert not opened.state().get("task")
    assert "Contents" not in account.client("s3").list_objects_v2(Bucket=played.bucket)


def test_the_local_aws_says_that_it_has_none(thing, project, account):
    done = thing.run("add", "demo", "--bulk", "--s3-bucket", "none", "--role-arn", _ROLE, code=1)
    assert "the local AWS has no bulk registration: leave out --bulk" in done.stderr
    thing.run("add", "demo")
    thing.run("cleanup", "demo", "--yes")
    account.assert_empty()


def test_needs_its_bucket_and_role(thing, project):
    thing.run("add", "demo", "--bulk", "--s3-bucket", "b", code=2)
    thing.run("add", "demo", "--bulk", "--rsa", "--s3-bucket", "b", "--role-arn", _ROLE, code=2)


def test_ids_are_what_aws_makes_them(account):
    """The id of a certificate is the SHA-256 of its DER form, which bulk.py counts on."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    made = account.client("iot").create_keys_and_certificate(setAsActive=False)
    certificate = x509.load_pem_x509_certificate(made["certificatePem"].encode())
    assert certificate.fingerprint(SHA256()).hex() == made["certificateId"]
    assert things._id(made["certificateArn"]) == made["certificateId"]
