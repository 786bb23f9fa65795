"""What a board hands to a rule arrives where the rule sends it, and nobody else hears it."""

import json

import pytest
from aws_iot_tools.things.policy import Additions

from tests.harness.pages import blocks
from tests.harness.project import write_project


def _queue(ministack, rule):
    """Makes a rule that sends to a queue; -> how the queue's messages are had."""
    ministack.client("iam").create_role(RoleName=rule, AssumeRolePolicyDocument=json.dumps({"Statement": []}))
    url = ministack.client("sqs").create_queue(QueueName=rule)["QueueUrl"]
    action = {"sqs": {"queueUrl": url, "roleArn": f"arn:aws:iam::000000000000:role/{rule}", "useBase64": False}}
    sql = "SELECT *, topic() AS topic FROM 'dt/+/samples'"
    ministack.client("iot").create_topic_rule(ruleName=rule, topicRulePayload={"sql": sql, "actions": [action]})

    def messages():
        found = ministack.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ())
        return [json.loads(message["Body"]) for message in found]

    return messages


def test_a_sample_arrives_by_the_rule_alone(ministack, devices, name, tmp_path):
    rule = name.replace("-", "_")
    messages = _queue(ministack, rule)
    # subscribing is allowed to everything under dt/, so that what did not come was not sent, and not just not allowed
    thing = ministack.make_thing(name, additions=Additions(subscribe=("dt/#",), rules=(rule,)))
    device = devices(write_project(tmp_path, name, ministack.port, thing.certificate, thing.key, ministack.ca))
    device.ask("thing.subscribe('dt/#', hear)")
    device.ask(f"thing.ingest('{rule}', {{'t': 21}})\nuntil(settled)")
    assert messages() == [{"t": 21, "topic": f"dt/{name}/{rule}"}]
    device.ask(f"thing.ingest('{rule}', {{'t': 22}}, 'dt/{name}/' + 'x' * 200, qos=0)")
    device.ask("thing.publish('dt/%s/samples' % thing.thingname, {'t': 23}, qos=1)\nuntil(settled)")
    assert [each["t"] for each in messages()] == [22, 23]
    assert not any(event["event"] == "disconnected" for event in device.events)


@pytest.mark.runtimes("mp32")
def test_the_program_of_the_page(ministack, launch, name, tmp_path):
    """docs/rules.md."""
    messages = _queue(ministack, "samples")
    thing = ministack.make_thing(name, additions=Additions(rules=("samples",)))
    write_project(tmp_path, name, ministack.port, thing.certificate, thing.key, ministack.ca)
    (program,) = blocks("docs/rules.md", "python rules")
    (tmp_path / "main.py").write_text(program.text)
    assert launch(tmp_path / "main.py", heap="112k", cwd=tmp_path).wait() == 0
    assert messages() == [{"temperature": 21, "topic": f"dt/{name}/samples"}]
