"""What things may: the policy that all of them begin with, and `thing policy`, which adds to it in a second one."""

import json
from dataclasses import replace

import botocore.session
import pytest
from aws_iot_tools.cloud import ministack
from aws_iot_tools.errors import ToolError
from aws_iot_tools.fleet import permits
from aws_iot_tools.things import bulk, policy
from aws_iot_tools.things.policy import Additions

from ..harness import ROOT, power
from ..harness.pages import Reader, blocks
from .conftest import REGION

_ARN = f"arn:aws:iot:{REGION}:123456789012"
_VECTORS = ROOT / "tests" / "vectors" / "topics.jsonl"
_FORGED_FOR_ITSELF = ("streams", "defender")  # see policy.py: the limit leaves no room


def _allows(text: str, action: str, resource: str, thing: str = "thing1") -> bool:
    """As the local AWS judges, for a thing that is connected by its own name."""
    judge = ministack.module("core.iam_evaluator")
    text = text.replace("${iot:Connection.Thing.ThingName}", thing)
    asked = judge.EvalContext(
        f"{_ARN}:cert/1", "Certificate", "123456789012", action, f"{_ARN}:{resource}", REGION,
        service_context={"iot:connection.thing.isattached": "true"},
    )  # fmt: skip
    return judge.evaluate(asked, [judge.parse_policy_document(text)]).decision == "Allow"


def _topics() -> list:
    rows = map(json.loads, _VECTORS.read_text().splitlines())
    return [row for row in rows if row["is"] and row["is"][2] == "thing1"]


@pytest.mark.parametrize("row", _topics(), ids=lambda row: row["topic"])
def test_a_thing_may_ask_and_hear_and_forge_no_answer(row):
    """AWS's own topics: requests go out, answers come in, and a thing may not publish these."""
    text = policy.least_privilege(_ARN)
    topic, kind = row["topic"], row["is"][0]
    if row["device"] == "pub":
        assert _allows(text, "iot:Publish", f"topic/{topic}")
    else:
        assert _allows(text, "iot:Subscribe", f"topicfilter/{topic}") and _allows(text, "iot:Receive", f"topic/{topic}")
        assert _allows(text, "iot:Publish", f"topic/{topic}") == (kind in _FORGED_FOR_ITSELF)
    another = topic.replace("thing1", "thing2")
    assert not any(_allows(text, action, f"topic/{another}") for action in ("iot:Publish", "iot:Receive"))
    assert not _allows(text, "iot:RetainPublish", f"topic/{topic}")


def test_filters_that_the_library_shares_among_jobs():
    text = policy.least_privilege(_ARN)
    for each in ("jobs/+/get/accepted", "jobs/+/update/rejected", "shadow/update/delta"):
        assert _allows(text, "iot:Subscribe", f"topicfilter/$aws/things/thing1/{each}")


def _prefixes() -> list:
    """The beginnings of ARNs in all partitions and regions that this botocore knows."""
    session = botocore.session.Session()
    return [
        f"arn:{partition}:iot:{region}:123456789012"
        for partition in session.get_available_partitions()
        for service in ("ec2", "iot")
        for region in session.get_available_regions(service, partition)
    ]  # fmt: skip


def test_the_policy_fits_where_arns_are_longest():
    """With a role alias of the longest name as well."""
    longest = max(_prefixes(), key=len)
    assert len(longest) > len("arn:aws-us-gov:iot:us-gov-west-1:123456789012") - 1
    assert len(policy.least_privilege("arn:aws:iot:ap-southeast-2:123456789012")) == 1736
    for prefix in _prefixes():
        assert len(policy.least_privilege(prefix, "x" * 64)) <= policy.LIMIT


def test_what_features_add_fits_too():
    """All of them at once: retained messages, four rules by Basic Ingest, a topic and a filter."""
    rules = tuple(letter * 128 for letter in "abcd")  # as long as AWS takes their names
    asked = Additions(("alerts/{thing}",), ("alerts/{thing}", policy.OWN_TREE), ("all/#",), rules)
    https = Additions(("alerts/{thing}",), (policy.OWN_TREE,), ("all/#",), doors=("https",))
    for prefix in _prefixes():
        assert max(len(policy.added(prefix, each)) for each in (asked, https)) <= policy.LIMIT
    with pytest.raises(ToolError, match="characters, AWS takes 2048"):
        policy.added(_ARN, Additions(tuple(f"alerts/{number}" for number in range(50))))


def test_what_is_added_is_allowed_and_no_more():
    text = policy.added(
        _ARN, Additions(("alerts/{thing}",), (policy.OWN_TREE,), ("$share/group/all/+/x",), ("samples",))
    )
    allowed = (
        ("iot:Publish", "topic/alerts/thing1"), ("iot:RetainPublish", "topic/dt/thing1/status"),
        ("iot:Subscribe", "topicfilter/$share/group/all/+/x"), ("iot:Receive", "topic/all/lamps/x"),
        ("iot:Publish", "topic/$aws/rules/samples/dt/thing1/samples"),
    )  # fmt: skip
    denied = (
        ("iot:Publish", "topic/alerts/thing2"), ("iot:RetainPublish", "topic/alerts/thing1"),
        ("iot:Subscribe", "topicfilter/all/#"), ("iot:Receive", "topic/all/lamps/y"),
        ("iot:Publish", "topic/$aws/rules/samples/dt/thing2/samples"), ("iot:Publish", "topic/dt/thing1/status"),
    )  # fmt: skip
    assert [each for each in allowed if not _allows(text, *each)] == []
    assert [each for each in denied if _allows(text, *each)] == []


def test_by_https_the_certificate_names_the_thing():
    text = policy.added(_ARN, Additions(("alerts/{thing}", "all"), ("alerts/{thing}",), doors=("https",)))
    for part in json.loads(text)["Statement"]:  # what a variable without a value does to others, AWS does not say
        assert len({word for word in ("Connection", "Certificate") if word in str(part["Resource"])}) <= 1
    text = text.replace(policy.OF_CERTIFICATE, "thing1").replace(permits.NAME, "?")
    allowed = (
        ("iot:GetThingShadow", "thing/thing1"), ("iot:UpdateThingShadow", "thing/thing1/settings"),
        ("iot:DeleteThingShadow", "thing/thing1"), ("iot:ListNamedShadowsForThing", "thing/thing1"),
        ("iot:Publish", "topic/dt/thing1/log"), ("iot:Publish", "topic/alerts/thing1"), ("iot:Publish", "topic/all"),
        ("iot:RetainPublish", "topic/alerts/thing1"), ("iot:GetRetainedMessage", "topic/alerts/thing1"),
    )  # fmt: skip
    denied = (
        ("iot:GetThingShadow", "thing/thing2"), ("iot:UpdateThingShadow", "thing/thing12"),
        ("iot:Publish", "topic/dt/thing2/log"), ("iot:Publish", "topic/$aws/things/thing1/shadow/update"),
        ("iot:RetainPublish", "topic/dt/thing1/log"), ("iot:Connect", "client/thing1"),
        ("iot:ListRetainedMessages", "*"),
    )  # fmt: skip
    assert [each for each in allowed if not _allows(text, *each)] == []
    assert [each for each in denied if _allows(text, *each)] == []


def test_keys_open_their_doors_without_being_told():
    assert policy.added_of_keys(_ARN, Additions(doors=("https",))) == ""
    both = Additions(("alerts/{thing}",), ("alerts/{thing}",), doors=("https",))
    text = policy.added_of_keys(_ARN, both)
    assert text == policy.added_of_keys(_ARN, replace(both, doors=()))
    text = text.replace(policy.KEYS_THING, "thing1")
    assert all(_allows(text, f"iot:{each}", "topic/alerts/thing1") for each in ("RetainPublish", "GetRetainedMessage"))


_SECOND = "demo-policy-additions"


def _document(account, name=_SECOND) -> dict:
    return json.loads(account.client("iot").get_policy(policyName=name)["policyDocument"])


def _attached(account) -> list:
    targets = account.client("iot").list_targets_for_policy(policyName=_SECOND)["targets"]
    return sorted(targets)


def test_things_that_aws_itself_makes_have_it_too():
    resources = bulk.template("owner", "demo-policy", _SECOND)["Resources"].values()
    assert [each["Properties"]["PolicyName"] for each in resources if each["Type"] == "AWS::IoT::Policy"] == [
        "demo-policy", _SECOND
    ]  # fmt: skip


def test_from_add_to_cleanup(thing, project, account):
    thing.run("add", "demo", "-n", "2")
    said = thing.run("policy", "add", "demo", "--publish", "alerts/{thing}", "--retain").stdout
    assert f"policy {_SECOND}, for 2 things and those to come" in said
    thing.run("policy", "add", "demo", "--subscribe", "all/+", "--ingest", "samples")
    thing.run("add", "demo")  # one that comes later has it, too
    arns = sorted(certificate["certificateArn"] for certificate in account.certificates())
    assert _attached(account) == arns and len(arns) == 3
    record = json.loads((project / ".aws_things_resources" / "demo_2" / "journal.json").read_text())
    assert (record["policy"], record["additions"]) == ("demo-policy", _SECOND)
    own = "${iot:Connection.Thing.ThingName}"
    arn = f"arn:aws:iot:{REGION}:{account.number}"
    wanted = [
        ("iot:Publish", [f"{arn}:topic/alerts/{own}", f"{arn}:topic/$aws/rules/samples/dt/{own}/*"]),
        ("iot:RetainPublish", [f"{arn}:topic/alerts/{own}"]),
        ("iot:Subscribe", [f"{arn}:topicfilter/all/+"]), ("iot:Receive", [f"{arn}:topic/all/*"]),
    ]  # fmt: skip
    assert [(part["Action"], part["Resource"]) for part in _document(account)["Statement"]] == wanted
    assert thing.json("policy", "show", "demo") == {
        "demo-policy": _document(account, "demo-policy"), _SECOND: _document(account),
    }  # fmt: skip
    thing.run("policy", "remove", "demo", "--publish", "alerts/{thing}")  # with what may be retained of it
    assert [part["Action"] for part in _document(account)["Statement"]] == [
        "iot:Publish", "iot:Subscribe", "iot:Receive"
    ]  # fmt: skip
    assert len(account.client("iot").list_policy_versions(policyName=_SECOND)["policyVersions"]) == 1
    assert f"the policy {_SECOND}" in thing.run("cleanup", "demo", "--dry-run").stdout
    assert f"the policy {_SECOND} is deleted, too" in thing.run("cleanup", "demo", "--yes").stdout
    account.assert_empty()


def test_what_the_page_says(thing, project, account):
    thing.run("add", "demo")
    (block,) = blocks("docs/policies.md", "sh policy")
    Reader(thing.folder, thing.environment).run(block.text)
    assert [part["Action"] for part in _document(account)["Statement"]] == ["iot:RetainPublish"]


def test_when_nothing_is_left_the_second_policy_goes(thing, project, account):
    thing.run("add", "demo")
    thing.run("policy", "add", "demo", "--retain")
    thing.run("policy", "remove", "demo", "--retain")
    assert account.policies() == ["demo-policy"]
    assert thing.json("policy", "show", "demo").keys() == {"demo-policy"}
    thing.run("policy", "add", "demo", "--retain")
    assert len(_attached(account)) == 1
    thing.run("cleanup", "demo", "--yes")
    account.assert_empty()


def test_https_and_back(thing, project, account):
    thing.run("add", "demo")
    (block,) = blocks("docs/doors.md", "sh https")
    Reader(thing.folder, thing.environment).run(block.text)
    (own,) = {part["Resource"][0] for part in _document(account)["Statement"] if "iot:GetThingShadow" in part["Action"]}
    assert own == f"arn:aws:iot:{REGION}:{account.number}:thing/{policy.OF_CERTIFICATE}"
    said = thing.json("policy", "review", "demo", "--usage", _counted(project))
    assert said["too_much"] and "Certificate" not in json.dumps(said), "what is for HTTPS is no part of MQTT's"
    thing.run("policy", "remove", "demo", "--https")
    assert account.policies() == ["demo-policy"]
    thing.run("cleanup", "demo", "--yes")
    account.assert_empty()


def _counted(project):
    path = project / "counted.json"
    path.write_text(json.dumps({"demo_0": {"uses": {"iot:Connect": ["client/demo_0"]}}}))
    return str(path)


def test_a_certificate_that_does_not_name_its_thing(thing, project, account):
    """A common name has room for 64 characters."""
    base = "x" * 64
    thing.run("add", "demo", "--things-base-name", base)
    said = thing.run("policy", "add", "demo", "--https", code=1).stderr
    assert f"cannot be allowed to {base}_0: its certificate has another name" in said
    assert account.policies() == ["demo-policy"]


def test_what_comes_later_does_not_get_another_s_name_either(thing, project, account):
    thing.run("add", "demo", "--things-base-name", "x" * 62)
    thing.run("policy", "add", "demo", "--https")
    said = thing.run("add", "demo", "-n", "10", code=1).stderr
    assert f"cannot be allowed to {'x' * 62}_10: its certificate has another name" in said
    assert thing.run("list", "--names").stdout == f"{'x' * 62}_0\n"
    thing.run("policy", "remove", "demo", "--https")
    thing.run("add", "demo", "-n", "10")
    thing.run("cleanup", "demo", "--yes")


def test_dry_run_changes_nothing(thing, project, account):
    thing.run("add", "demo")
    said = thing.json("policy", "add", "demo", "--retain", "--dry-run")
    assert said["Statement"][0]["Action"] == "iot:RetainPublish"
    assert account.policies() == ["demo-policy"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--publish", "a/+"], "no wildcards in a publish"), (["--publish", "a/b/c/d/e/f/g/h/i"], "over 7 slashes"),
        (["--subscribe", "a/#/b"], "# for the last ones"), (["--ingest", "a-b"], "is no name of a rule"),
        ([], "say what: --publish"),
    ],
)  # fmt: skip
def test_what_aws_would_refuse_is_refused_first(thing, project, account, words, reason):
    done = thing.run("policy", "add", "demo", *words, ok=False)
    assert done.returncode in (1, 2) and reason in done.stderr
    assert account.policies() == []


def test_a_policy_of_that_name_that_was_not_made_here(thing, project, account):
    thing.run("add", "demo")
    theirs = '{"Version":"2012-10-17","Statement":[]}'
    account.client("iot").create_policy(policyName=_SECOND, policyDocument=theirs)
    said = thing.run("policy", "add", "demo", "--retain", code=1).stderr
    assert f"there is a policy {_SECOND} already that was not made here" in said
    thing.run("cleanup", "demo", "--yes")
    assert account.policies() == [_SECOND] and _document(account) == json.loads(theirs)


def test_a_second_policy_that_others_use_stays(thing, project, account):
    thing.run("add", "demo")
    thing.run("policy", "add", "demo", "--retain")
    other = account.client("iot").create_keys_and_certificate(setAsActive=True)["certificateArn"]
    account.client("iot").attach_policy(policyName=_SECOND, target=other)
    assert f"the policy {_SECOND} is still in use and stays" in thing.run("cleanup", "demo", "--yes").stdout
    assert account.policies() == [_SECOND]


_PARTS = 8


@pytest.mark.parametrize("part", power.parts(_PARTS))
def test_killed_at_each_step_and_gone_on(thing, project, account, part):
    """Of adding and of taking back."""
    thing.run("add", "demo")
    add, remove = (["policy", verb, "demo", "--retain"] for verb in ("add", "remove"))
    number = [thing.fork(words)["steps"] for words in (add, remove)]
    assert min(number) > 10
    for words, steps in zip((add, remove), number, strict=True):
        for step in range(1 + part, steps + 1, _PARTS):
            if words is remove:
                thing.run(*add)
            assert thing.fork(words, step)["code"] == -9
            thing.run(*words)
            assert account.policies() == (["demo-policy", _SECOND] if words is add else ["demo-policy"])
            assert words is remove or len(_attached(account)) == 1
            thing.run(*remove, ok=words is add)
    thing.run("cleanup", "demo", "--yes")
    account.assert_empty()
