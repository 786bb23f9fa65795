"""thing rule: made, seen to act at the local AWS, changed, taken back. For S3, where the local AWS does nothing, the
rule is compared with that of AWS's page."""

import json
import zipfile
from io import BytesIO

import pytest
from aws_iot_tools.errors import ToolError
from aws_iot_tools.things import rule_targets
from aws_iot_tools.things.rules import Wanted

from ..harness import power
from ..harness.pages import Reader, blocks
from .conftest import REGION

_SQL = "SELECT *, topic(2) AS thing FROM 'dt/+/samples'"
_CODE = "def handler(event, context):\n    print('heard', event)\n"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


class Targets:
    """What rules send to, in an account: each is made when it is asked for."""

    def __init__(self, account) -> None:
        self._account = account

    def queue(self, name="samples") -> str:
        return self._account.client("sqs").create_queue(QueueName=name)["QueueUrl"]

    def messages(self, url) -> list:
        found = self._account.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ())
        return [json.loads(message["Body"]) for message in found]

    def topic(self, name="alarms") -> str:
        return self._account.client("sns").create_topic(Name=name)["TopicArn"]

    def table(self, name="samples") -> str:
        keys = {"thing": "S", "time": "N"}
        self._account.client("dynamodb").create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "thing", "KeyType": "HASH"}, {"AttributeName": "time", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": each, "AttributeType": kind} for each, kind in keys.items()],
        )  # fmt: skip
        return name

    def function(self, name="extract") -> str:
        role = self._account.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("code.py", _CODE)
        return self._account.client("lambda").create_function(
            FunctionName=name, Runtime="python3.11", Role=role["Role"]["Arn"], Handler="code.handler",
            Code={"ZipFile": packed.getvalue()},
        )["FunctionArn"]  # fmt: skip

    def allowed(self, name="extract") -> list:
        client = self._account.client("lambda")
        try:
            return json.loads(client.get_policy(FunctionName=name)["Policy"])["Statement"]
        except client.exceptions.ResourceNotFoundException:
            return []


@pytest.fixture
def targets(account):
    return Targets(account)


def _rules(account) -> list:
    return [rule["ruleName"] for rule in account.client("iot").list_topic_rules()["rules"]]


def _roles(account) -> list:
    return [role["RoleName"] for role in account.client("iam").list_roles()["Roles"]]


def _role_allows(account, role) -> list:
    found = account.client("iam").get_role_policy(RoleName=role, PolicyName="rule")["PolicyDocument"]
    return [(part["Action"], part["Resource"]) for part in found["Statement"]]


def _create(thing, name, *to, sql=_SQL, **options):
    words = [word for each in to for word in ("--to", each)]
    return thing.run("rule", "create", name, "demo", "--sql", sql, *words, **options)


def test_from_create_to_delete(thing, project, account, targets):
    url = targets.queue()
    assert "`thing rule test samples` sends a sample" in _create(thing, "samples", f"sqs:{url}").stdout
    arn = f"arn:aws:sqs:{REGION}:{account.number}:samples"
    assert _role_allows(account, "samples-rule") == [("sqs:SendMessage", arn)]
    (trust,) = account.client("iam").get_role(RoleName="samples-rule")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert (trust["Principal"], trust["Condition"]) == (
        {"Service": "iot.amazonaws.com"},
        {"StringEquals": {"aws:SourceAccount": account.number},
         "ArnLike": {"aws:SourceArn": f"arn:aws:iot:{REGION}:{account.number}:rule/samples"}},
    )  # fmt: skip
    assert thing.run("rule", "list").stdout == "samples  dt/+/samples\n"
    shown = thing.json("rule", "show", "samples")
    assert shown["rule"]["sql"] == _SQL and list(shown["roles"]) == ["samples-rule"]
    account.client("iot-data").publish(topic="dt/lamp/samples", payload=b'{"t": 1}')
    assert targets.messages(url) == [{"t": 1, "thing": "lamp"}]
    assert "would delete the rule samples" in thing.run("rule", "delete", "samples", "demo", "--dry-run").stdout
    assert "nothing was deleted" in thing.run("rule", "delete", "samples", "demo", typed="n\n", code=1).stderr
    thing.run("rule", "delete", "samples", "demo", "--yes")
    assert (_rules(account), _roles(account)) == ([], [])
    assert "nothing to delete" in thing.run("rule", "delete", "samples", "demo", "--yes").stdout
    assert thing.run("rule", "list").stdout == "no rules\n"
    assert targets.messages(url) == [], "the queue stays"


def test_what_arrived_is_told(thing, project, account, targets):
    """At all targets that the local AWS acts on, by one rule, and that nothing comes at the one that it does not."""
    url, topic = targets.queue(), targets.topic()
    bucket = f"samples-{account.number}"
    account.client("s3").create_bucket(Bucket=bucket)
    to = {
        "sqs": f"sqs:{url}", "sns": f"sns:{topic}", "dynamodb": f"dynamodb:{targets.table()}",
        "lambda": f"lambda:{targets.function()}", "republish": "republish:all/${topic(2)}/samples",
        "s3": f"s3:{bucket}/${{topic(2)}}/x.json",
    }  # fmt: skip
    others = {"t": 1}
    account.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(others))
    _create(thing, "samples", *to.values(), sql="SELECT *, topic(2) AS thing, timestamp() AS time FROM 'dt/+/samples'")
    done = thing.run("--json", "rule", "test", "samples", "demo", "--payload", '{"t": 21}', code=1)
    found = {each["to"]: each for each in json.loads(done.stdout)}
    assert {kind for kind, text in to.items() if found[text]["arrived"]} == {*to} - {"s3"}
    assert found[to["s3"]]["what"] == "the local AWS does nothing for s3"
    assert json.loads(found[to["sqs"]]["what"])["t"] == 21
    assert "called; it said \"heard {'t'" in found[to["lambda"]]["what"]
    assert f"not seen to arrive at {to['s3']}" in done.stderr
    assert targets.messages(url) == [others], "the others' messages are there, the sample is not"
    assert account.client("sns").list_subscriptions()["Subscriptions"] == []
    assert account.client("sqs").list_queues()["QueueUrls"] == [url]


def test_a_sample_whose_mark_the_sql_selects_away_and_one_that_it_does_not_take(thing, project, targets):
    _create(thing, "warm", f"sqs:{targets.queue()}", sql="SELECT t FROM 'dt/+/samples' WHERE t > 20")
    (found,) = thing.json("rule", "test", "warm", "demo", "--payload", '{"t": 21}')
    assert json.loads(found["what"]) == {"t": 21}
    words = ["rule", "test", "warm", "demo", "--timeout", "1", "--payload"]
    assert "nothing within 1 s" in thing.run(*words, '{"t": 19}', code=1).stdout
    assert "does not listen to x/y, but to dt/+/samples" in thing.run(*words, "{}", "--topic", "x/y", code=1).stderr
    assert "that is no JSON" in thing.run(*words, "{", code=2).stderr


def test_what_cannot_be_found_out_is_not_called_missing(thing, project, account):
    _create(thing, "samples", "dynamodb:missing")
    (found,) = json.loads(thing.run("--json", "rule", "test", "samples", "demo", "--timeout", "1", code=1).stdout)
    assert found["arrived"] is None and "Scan" in found["what"]
    _create(thing, "samples", f"sns:arn:aws:sns:{REGION}:{account.number}:missing")
    (found,) = json.loads(thing.run("--json", "rule", "test", "samples", "demo", "--timeout", "1", code=1).stdout)
    assert found["arrived"] is None and account.client("sqs").list_queues().get("QueueUrls", []) == []
    account.client("iot").disable_topic_rule(ruleName="samples")
    assert "is disabled" in thing.run("rule", "test", "samples", "demo", code=1).stderr
    assert thing.run("rule", "list").stdout == "samples  dt/+/samples  (disabled)\n"
    assert "the project has no rule other" in thing.run("rule", "test", "other", "demo", code=1).stderr
    assert "there is no rule other in us-east-1; there are samples" in thing.run("rule", "show", "other", code=1).stderr


def test_the_same_command_changes_a_rule(thing, project, account, targets):
    function, url = targets.function(), targets.queue()
    _create(thing, "samples", f"lambda:{function}")
    assert "samples-rule" not in _roles(account), "Lambda needs no role"
    (statement,) = targets.allowed()
    assert statement["Principal"] == {"Service": "iot.amazonaws.com"}
    condition = json.dumps(statement["Condition"])
    assert account.number in condition and f"arn:aws:iot:{REGION}:{account.number}:rule/samples" in condition
    _create(thing, "samples", f"sqs:{url}", sql="SELECT a FROM 'b'")
    assert targets.allowed() == [] and "samples-rule" in _roles(account)
    assert thing.json("rule", "show", "samples")["rule"]["sql"] == "SELECT a FROM 'b'"
    _create(thing, "samples", f"lambda:{function}")
    assert len(targets.allowed()) == 1 and "samples-rule" not in _roles(account)
    thing.run("rule", "delete", "samples", "demo", "--yes")
    assert targets.allowed() == [] and _rules(account) == []


def test_what_a_target_did_not_take_goes_to_the_other(thing, project, account, targets):
    url = targets.queue("errors")
    _create(thing, "samples", "dynamodb:missing", sql="SELECT * FROM 'a'")
    words = ["rule", "create", "samples", "demo", "--sql", "SELECT * FROM 'a'", "--to", "dynamodb:missing"]
    thing.run(*words, "--error-to", f"sqs:{url}")
    assert sorted(action for action, _ in _role_allows(account, "samples-rule")) == [
        "dynamodb:PutItem", "sqs:SendMessage",
    ]  # fmt: skip
    account.client("iot-data").publish(topic="a", payload=b'{"t": 1}')
    (message,) = targets.messages(url)
    assert message["failures"][0]["failedResource"] == "missing"


def test_ingest_is_a_right_of_things(thing, project, account, targets):
    thing.run("add", "demo")
    _create(thing, "samples", f"sqs:{targets.queue()}")
    words = ["rule", "create", "samples", "demo", "--sql", _SQL, "--to", f"sqs:{targets.queue()}"]
    thing.run(*words, "--ingest")
    own = "${iot:Connection.Thing.ThingName}"
    resource = f"arn:aws:iot:{REGION}:{account.number}:topic/$aws/rules/samples/dt/{own}/*"
    second = account.client("iot").get_policy(policyName="demo-policy-additions")["policyDocument"]
    assert json.loads(second)["Statement"] == [{"Effect": "Allow", "Action": "iot:Publish", "Resource": [resource]}]
    thing.run("rule", "delete", "samples", "demo", "--yes")
    assert account.policies() == ["demo-policy"]


def test_cleanup_takes_rules_back(thing, project, account, targets):
    function = targets.function()
    _create(thing, "one", f"sqs:{targets.queue()}", f"lambda:{function}")
    _create(thing, "two", "republish:a/b")
    assert "the rules one, two" in thing.run("cleanup", "demo", "--dry-run").stdout
    thing.run("cleanup", "demo", "--yes")
    assert (_rules(account), _roles(account), targets.allowed()) == ([], ["extract"], [])


def test_dry_run_prints_the_documents(thing, project, account):
    """The action of S3 is as in https://docs.aws.amazon.com/iot/latest/developerguide/s3-rule-action.html"""
    words = ["--to", "s3:pictures/${topic(2)}/${timestamp()}.jpg", "--to", "republish:$aws/things/x/shadow/update"]
    said = thing.json("rule", "create", "pictures", "demo", "--sql", "SELECT * FROM 'a/#'", *words, "--dry-run")
    role = f"arn:aws:iam::{account.number}:role/pictures-rule"
    assert said["payload"] == {
        "sql": "SELECT * FROM 'a/#'", "awsIotSqlVersion": "2016-03-23", "ruleDisabled": False,
        "actions": [
            {"s3": {"roleArn": role, "bucketName": "pictures", "key": "${topic(2)}/${timestamp()}.jpg"}},
            {"republish": {"roleArn": role, "topic": "$$aws/things/x/shadow/update", "qos": 1}},
        ],
    }  # fmt: skip
    assert [part["Resource"] for part in json.loads(said["policy"])["Statement"]] == [
        "arn:aws:s3:::pictures/*/*.jpg",
        f"arn:aws:iot:{REGION}:{account.number}:topic/$aws/things/x/shadow/update",
    ]
    assert (_rules(account), _roles(account)) == ([], [])


def test_the_rule_for_s3_is_as_aws_has_it(thing, project, account):
    _create(thing, "pictures", "s3:pictures/${topic(2)}/x.jpg", sql="SELECT * FROM 'a/+'")
    (action,) = account.client("iot").get_topic_rule(ruleName="pictures")["rule"]["actions"]
    role = f"arn:aws:iam::{account.number}:role/pictures-rule"
    assert action == {"s3": {"roleArn": role, "bucketName": "pictures", "key": "${topic(2)}/x.jpg"}}


_LAMBDA = f"arn:aws:lambda:{REGION}:123456789012:function:x"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("x", "is no target of a rule: lambda:ARN"), ("lambda:x", "no ARN of a function"),
        ("kinesis:x", "is no target of a rule: lambda:ARN"),
        (f"lambda:{_LAMBDA.replace(REGION, 'eu-west-1')}", "it is in eu-west-1, the rule in us-east-1"),
        ("sns:arn:aws:sns:us-east-1:1:x", "no ARN of a topic"), ("sqs:queue", "no URL of a queue"),
        ("sqs:http://localhost/123456789012/x.fifo", "FIFO"), ("dynamodb:a b", "a table's name"),
        ("s3:bucket", "a key is missing"),
        ("s3:B/k", "is no bucket"), ("republish:a/#", "no wildcards"),
        ("republish:a/b/c/d/e/f/g/h/i", "over 7 slashes"),
    ],
)  # fmt: skip
def test_targets_that_aws_would_refuse(target, reason):
    with pytest.raises(ToolError, match=reason):
        rule_targets.read(target, REGION)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("a-b", "SELECT *", ["republish:a"]), "is no name of a rule"),
        (("a", "INSERT", ["republish:a"]), "begins with SELECT"),
        (("a", "SELECT *", ["republish:a"] * 11), "1 to 10 targets"),
        (("a" * 129, "SELECT *", ["republish:a"]), "1 to 128"),
    ],
)  # fmt: skip
def test_rules_that_aws_would_refuse(words, reason):
    with pytest.raises(ToolError, match=reason):
        Wanted(*words, None, REGION)


def test_sql_that_aws_refuses_leaves_nothing_half_made(thing, project, account):
    said = _create(thing, "samples", "republish:a", sql="SELECT * FROM dt", code=1).stderr
    assert "SqlParseException" in said
    thing.run("rule", "delete", "samples", "demo", "--yes")
    assert (_rules(account), _roles(account)) == ([], [])


def test_what_was_not_made_here_is_neither_taken_nor_deleted(thing, project, account):
    iam, iot = account.client("iam"), account.client("iot")
    theirs = {"sql": "SELECT * FROM 'x'", "actions": []}
    iot.create_topic_rule(ruleName="samples", topicRulePayload=theirs)
    said = _create(thing, "samples", "republish:a", code=1).stderr
    assert "there is a rule samples already that was not made here" in said and _roles(account) == []
    iot.delete_topic_rule(ruleName="samples")
    iam.create_role(RoleName="samples-rule", AssumeRolePolicyDocument=json.dumps(_TRUST))
    assert "there is a role samples-rule already" in _create(thing, "samples", "republish:a", code=1).stderr
    iam.delete_role(RoleName="samples-rule")
    _create(thing, "samples", "republish:a")
    iot.delete_topic_rule(ruleName="samples")  # in the console, and another took its name
    iot.create_topic_rule(ruleName="samples", topicRulePayload=theirs)
    assert thing.json("rule", "delete", "samples", "demo", "--yes")["kept"] == ["rule samples"]
    assert _rules(account) == ["samples"] and _roles(account) == []


def test_another_account(thing, project, account):
    _create(thing, "samples", "republish:a")
    thing.environment["AWS_ACCESS_KEY_ID"] = "111122223333"
    assert "made in account" in _create(thing, "samples", "republish:a", code=1).stderr
    assert "made in account" in thing.run("rule", "delete", "samples", "demo", "--yes", code=1).stderr
    assert _rules(account) == ["samples"]


def test_a_role_that_does_not_count_yet_is_waited_for(thing, project, account, proxy):
    """IAM is eventually consistent: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html"""
    thing.environment["AWS_ENDPOINT_URL"] = proxy.url
    proxy.refuse["CreateTopicRule"] = (2, 400, "InvalidRequestException: unable to assume the role")
    _create(thing, "samples", "republish:a")
    assert proxy.count("CreateTopicRule") == 3 and _rules(account) == ["samples"]


def test_a_name_that_is_too_long_for_a_role(thing, project, account):
    name = "x" * 128
    _create(thing, name, "republish:a")
    (role,) = _roles(account)
    assert len(role) == 64 and role.endswith("-rule")
    thing.run("rule", "delete", name, "demo", "--yes")
    assert _roles(account) == []


_PARTS = 10


@pytest.mark.parametrize("part", power.parts(_PARTS))
def test_killed_at_each_step(thing, project, account, targets, part):
    """Of making, and of deleting; half go on, half give up."""
    function = targets.function()
    making = ["rule", "create", "samples", "demo", "--sql", _SQL, "--to", "republish:a", "--to", f"lambda:{function}"]
    deleting = ["rule", "delete", "samples", "demo", "--yes"]
    for again in power.killed(thing, project, making, deleting, part, _PARTS, 10):
        if again:
            assert _rules(account) == ["samples"] and len(targets.allowed()) == 1
        thing.run("cleanup", "demo", "--yes")
        assert (_rules(account), _roles(account), targets.allowed()) == ([], ["extract"], [])


@pytest.mark.parametrize("part", power.parts(_PARTS))
def test_a_test_that_was_killed_leaves_nothing_in_the_end(thing, project, account, targets, part):
    """The queue that hears a topic of SNS is taken away by the next test, or by clean-up."""
    _create(thing, "alarms", f"sns:{targets.topic()}")
    words = ["rule", "test", "alarms", "demo"]
    steps = thing.fork(words)["steps"]
    for step in range(1 + part, steps + 1, _PARTS):
        assert thing.fork(words, step)["code"] == -9
    thing.run("cleanup", "demo", "--yes")
    assert account.client("sns").list_subscriptions()["Subscriptions"] == []
    assert account.client("sqs").list_queues().get("QueueUrls", []) == []


def test_the_four_rules_of_the_page(thing, project, account, targets, tmp_path):
    """docs/rules.md, block by block. `aws` stands in for the AWS CLI, which is not installed, at its two questions."""
    thing.run("add", "demo")
    function, topic = targets.function(), targets.topic()
    targets.table()
    aws = tmp_path / "bin" / "aws"
    aws.parent.mkdir()
    aws.write_text(f'#!/bin/sh\ncase "$1" in lambda) echo {function};; sns) echo {topic};; esac\n')
    aws.chmod(0o755)
    reader = Reader(thing.folder, {**thing.environment, "PATH": f"{aws.parent}:{thing.environment['PATH']}"})
    *four, rest = blocks("docs/rules.md", "sh rules")
    for block in four:
        reader.run(block.text)
    assert sorted(_rules(account)) == ["alarms", "extract", "samples", "samples_to_s3"]
    said = reader.run(rest.text)
    assert "ok  dynamodb:samples" in said and "deleted samples" in said
    for name, payload in (("alarms", "{}"), ("extract", '{"temperature": 31}')):
        assert thing.json("rule", "test", name, "demo", "--payload", payload)[0]["arrived"]
    thing.run("cleanup", "demo", "--yes")
    assert (_rules(account), _roles(account)) == ([], ["extract"])
