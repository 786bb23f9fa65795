"""thing policy review and thing cost: the local AWS counts what a thing does, and the proposed policy is enough."""

import datetime
import json
import ssl
import threading
import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from aws_iot_tools.cloud import ministack, usage
from aws_iot_tools.fleet import cost, permits, review
from aws_iot_tools.things import policy

from .test_cloud import begin, cloud  # noqa: F401  the fixture
from .test_policy import _ARN, _allows

_SAMPLES = 5
_SHADOW = "$aws/things/demo_0/shadow/update"


class Device:
    """The program of a thing, which paho runs: it connects, subscribes, reports and sends samples, all acknowledged."""

    def __init__(self, folder) -> None:
        config = json.loads((folder / "thing.conf.json").read_text())
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=config["mqttid"])
        context = ssl.create_default_context(cafile=str(folder / config["cacert"]))
        context.load_cert_chain(folder / "certificate.pem.crt", folder / "private.pem.key")
        self._client.tls_set_context(context)
        self._said = {name: threading.Event() for name in ("connect", "subscribe", "message", "disconnect")}
        for name, event in self._said.items():
            setattr(self._client, f"on_{name}", lambda *_, event=event: event.set())
        self._client.connect(config["endpoint"], config["port"])
        self._client.loop_start()
        self.wait("connect")

    def wait(self, what) -> None:
        assert self._said[what].wait(60), what

    def run(self) -> None:
        self._client.subscribe([("cmd/demo_0/+", 1)])
        self.wait("subscribe")
        self._said["subscribe"].clear()
        self._client.subscribe([(f"{_SHADOW}/accepted", 1)])
        self.wait("subscribe")
        self.publish(_SHADOW, '{"state": {"reported": {"a": 1}}}')
        self.wait("message")
        for number in range(_SAMPLES):
            self.publish("dt/demo_0/samples", str(number))

    def publish(self, topic, payload, retain=False) -> None:
        self._client.publish(topic, payload, 1, retain).wait_for_publish(60)

    def close(self) -> None:
        self._client.disconnect()
        self.wait("disconnect")
        self._client.loop_stop()


def _retained(folder) -> bool:
    """Whether the thing may publish a retained message."""
    device = Device(folder)
    message = device._client.publish("dt/demo_0/status", "on", 1, True)
    while not message.is_published() and not device._said["disconnect"].is_set():
        time.sleep(0.02)
    published = message.is_published()
    device._client.loop_stop()
    return published


def _counted(thing, wanted) -> dict:
    """What was counted of the thing, once that is so much."""
    path = thing.folder / ".aws_local" / "usage.json"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = json.loads(path.read_text()).get("demo_0", {}) if path.exists() else {}
        if found and wanted(found):
            return found
        time.sleep(0.1)
    raise AssertionError(found)


def test_what_a_thing_did_and_the_policy_that_is_enough_for_it(cloud):  # noqa: F811
    project = begin(cloud, 2)
    assert "nothing was counted" in cloud.run("policy", "review", "demo").stdout
    device = Device(project)
    device.run()
    device.close()
    # CONNECT, two SUBSCRIBE, six PUBLISH, and the shadow's answer with its PUBACK
    found = _counted(cloud, lambda each: each["messages"] >= 11 and each["connected_s"] > 0)
    assert (found["messages"], found["operations"], found["rules"]) == (1 + 2 + 1 + _SAMPLES + 2, 1, 0)
    bill = cloud.json("cost", "demo", "--things", "100")
    assert bill["things"] == 100 and bill["rows"][1]["count"] > bill["rows"][2]["count"] > 0
    assert "happens once at the start" in cloud.run("cost", "demo").stderr

    assert not _retained(project)
    _counted(cloud, lambda each: "iot:RetainPublish" in each["uses"])
    own = permits.NAME
    said = cloud.json("policy", "review", "demo")
    status = {"resource": f"topic/dt/{own}/status", "things": ["demo_0"]}
    assert said["too_little"] == [{"action": "iot:RetainPublish", **status}]
    idle = {(each["action"], each["resource"]) for each in said["too_much"]}
    assert ("iot:Publish", f"topic/$aws/things/{own}/jobs/*get") in idle and len(idle) == 7
    text = json.dumps(said["smallest"])
    for use_, allowed in (
        (("iot:Publish", f"topic/{_SHADOW}"), True), (("iot:Publish", "topic/dt/demo_0/samples"), True),
        (("iot:RetainPublish", "topic/dt/demo_0/status"), True), (("iot:Receive", "topic/cmd/demo_0/x"), True),
        (("iot:Publish", "topic/$aws/things/demo_0/jobs/x/get"), False), (("iot:Publish", "topic/dt/demo_0/x"), False),
    ):  # fmt: skip
        assert _allows(text.replace("000000000000", "123456789012"), *use_, thing="demo_0") == allowed, use_
    assert "`thing policy add --retain`" in cloud.run("policy", "review", "demo").stdout

    _make_it_the_policy(cloud, text)
    device = Device(project)
    device.run()
    device.close()
    assert _retained(project)


def _make_it_the_policy(thing, text) -> None:
    import boto3

    shell = thing.environment
    iot = boto3.client(
        "iot", endpoint_url=shell["AWS_ENDPOINT_URL"], region_name=shell["AWS_REGION"],
        aws_access_key_id="test", aws_secret_access_key="test",
    )  # fmt: skip
    iot.create_policy_version(policyName="demo-policy", policyDocument=text, setAsDefault=True)


def test_aws_itself_tells_nothing(thing, project):
    assert "AWS does not tell what a thing used" in thing.run("policy", "review", "demo", code=1).stderr


def _use(*resources, action="iot:Publish") -> dict:
    return {action: {resource: [1, 0] for resource in resources}}


def test_ids_that_are_others_next_time_do_not_count():
    own = permits.NAME
    found = review._uses("lamp", _use(
        "topic/$aws/things/lamp/jobs/job-1/get", "topic/$aws/things/lamp/jobs/$next/get",
        "topic/$aws/things/lamp/streams/s-1/get/cbor", "topic/$aws/things/lamp/jobs/get", "topic/dt/lamp/lamp/x",
    ), own)  # fmt: skip
    assert {resource for _, resource in found} == {
        f"topic/$aws/things/{own}/jobs/*/get", f"topic/$aws/things/{own}/jobs/$next/get",
        f"topic/$aws/things/{own}/streams/*/get/cbor", f"topic/$aws/things/{own}/jobs/get",
        f"topic/dt/{own}/{own}/x",
    }  # fmt: skip


def test_what_is_subscribed_to_may_be_received():
    found = review._uses("lamp", _use("topicfilter/$share/g/all/+/x/#", action="iot:Subscribe"), permits.NAME)
    assert ("iot:Receive", "topic/all/*/x/*") in found


def test_topics_are_joined_where_there_is_no_room_for_each():
    topics = [f"topic/dt/lamp/{kind}/{number}" for kind in ("a", "b") for number in range(40)]
    uses = review._uses("lamp", _use(*topics, "topic/alerts"), permits.NAME)
    text = review._smallest(_ARN, uses)
    assert len(text) <= 2048 and "topic/alerts" in text
    assert all(_allows(text, "iot:Publish", topic, "lamp") for topic in topics)
    assert not _allows(text, "iot:Publish", "topic/dt/lamp/c/1", "lamp")


def test_the_smallest_policy_has_the_conditions_of_the_one_that_there_was_and_nothing_twice():
    own = f"$aws/things/{permits.NAME}/shadow/get"
    uses = {("iot:Connect", f"client/{permits.NAME}"), ("iot:Publish", f"topic/{own}")}
    uses |= {("iot:Receive", f"topic/{own}/{each}") for each in ("*", "accepted", "rejected")}
    said = permits.rights([json.loads(policy.least_privilege(_ARN))])
    connect, publish, receive = json.loads(review._smallest(_ARN, uses, said))["Statement"]
    assert connect["Condition"] == {"Bool": {"iot:Connection.Thing.IsAttached": "true"}}
    assert "Condition" not in publish and receive["Resource"] == [f"{_ARN}:topic/{own}/*"]


def test_of_two_conditions_either_is_enough_and_no_condition_is_none():
    def document(*conditions):
        rows = [{"Effect": "Allow", "Action": "iot:*", "Resource": "*", **each} for each in conditions]
        return permits.rights([{"Statement": rows}])

    one, other = ({"Condition": {"Bool": {name: "true"}}} for name in ("a", "b"))
    uses = {("iot:Publish", "topic/x")}
    for conditions, number in (((one, other), 2), ((one, one), 1), ((one, {}), 1)):
        found = json.loads(review._smallest(_ARN, uses, document(*conditions)))["Statement"]
        assert [each.get("Condition") for each in found] == [c.get("Condition") for c in conditions][-number:]


_POLICIES = (
    {"Effect": "Allow", "Action": "iot:*", "Resource": "*"},
    {"Effect": "Allow", "Action": ["iot:Publish", "iot:Pub*"], "Resource": [f"{_ARN}:topic/a/?/c", f"{_ARN}:topic/x*"]},
    {"Effect": "Deny", "Action": "iot:Publish", "Resource": f"{_ARN}:topic/a/b/*"},
    {"Effect": "Allow", "Action": "iot:publish", "Resource": f"{_ARN}:topic/${{iot:Connection.Thing.ThingName}}"},
    {"Effect": "Allow", "Action": "iot:Receive", "Resource": f"{_ARN}:topic/a.b"},
)
_ASKED = [
    (action, f"topic/{name}")
    for action in ("iot:Publish", "iot:RetainPublish", "iot:Receive")
    for name in ("a/b/c", "a/bb/c", "x", "x/y", "y", "thing1", "a.b", "axb", "a/\nb")
]


@pytest.mark.parametrize("picked", range(1, 2 ** len(_POLICIES)))
def test_policies_are_judged_as_the_local_aws_does(picked):
    """In all combinations."""
    statements = [each for index, each in enumerate(_POLICIES) if picked >> index & 1]
    document = {"Version": "2012-10-17", "Statement": statements}
    said = permits.rights([document])
    for asked in _ASKED:
        assert permits.allowed(said, *asked, "thing1") == _allows(json.dumps(document), *asked), asked


# -- cost


def test_the_bill_is_that_of_the_page():
    """https://aws.amazon.com/iot-core/pricing/: the example of 100,000 devices in Europe (Ireland). What it
    says of rules and actions could be read but for their prices (see "from" in prices.json)."""
    devices, days = 100_000, 30
    counts = {
        "minutes": devices * 60 * 24 * days, "messages": devices * 325 * days, "operations": devices * 100 * days,
        "rules": devices * 200 * days, "actions": devices * 200 * days,
    }  # fmt: skip
    bill = cost.bill(counts)
    assert [row["cost"] for row in bill["rows"]] == [345.60, 975.00, 375.00, 90.00, 90.00]
    assert bill["cost"] == 1875.60


def test_the_free_tier_is_that_of_the_page():
    """The page's 50 devices are within it, and twice as many pay for what is beyond."""
    counts = {"minutes": 2_160_000, "messages": 450_000, "operations": 195_000, "rules": 225_000, "actions": 225_000}
    assert cost.bill(counts)["cost_with_free_tier"] == 0
    twice = cost.bill({kind: 2 * count for kind, count in counts.items()})
    assert 0 < twice["cost_with_free_tier"] < twice["cost"]


def test_more_messages_are_cheaper():
    counts = {"minutes": 0, "messages": 6e9, "operations": 0, "rules": 0, "actions": 0}
    assert cost.bill(counts)["cost"] == 1000 + 4 * 800 + 700


def test_prices_that_are_old():
    bill = cost.bill(dict.fromkeys(("minutes", "messages", "operations", "rules", "actions"), 0))
    read = datetime.date.fromisoformat(bill["read"])
    assert not cost.is_old(bill, read + datetime.timedelta(365)) and cost.is_old(bill, read + datetime.timedelta(366))
    assert bill["page"].startswith("https://aws.amazon.com/") and bill["unverified"].startswith("rules, actions")


def test_what_a_board_says_of_itself(thing):
    """Ten minutes with 61 messages: 263,520 a month."""
    stats = '{"connects": 1, "sent": 50, "resent": 0, "received": 10, "errors": 3}'
    bill = thing.json("cost", "--stats", stats, "--seconds", "600")
    assert [row["count"] for row in bill["rows"][:2]] == [30 * 24 * 60, 61 * 6 * 24 * 30]
    said = thing.run("cost", "--stats", stats, "--seconds", "600", "--things", "100").stdout
    assert "prices of Europe (Ireland) on 2026" in said and "other regions have their own" in said
    assert "26,352,000  messages of 5 KB" in said and "beyond the free tier" in said and "neither shadows" in said
    assert "of third parties: those of rules" in said
    for words in (["--stats", stats], ["--stats", "{", "--seconds", "1"], ["--stats", "[1]", "--seconds", "1"]):
        thing.run("cost", *words, code=2)


def test_names_of_ministack():
    """Of its sessions, by which is counted."""
    session = ministack.module("services.iot")._WSSession
    for name in ("_policy_allows", "handle_packet", "send_bytes", "cleanup"):
        assert callable(getattr(session, name))


def test_the_count_is_bounded_and_a_broken_one_begins_anew(tmp_path):
    path = tmp_path / usage.FILE
    path.write_text("{")
    counting = usage.Usage(path)
    for number in range(usage._MOST + 1):
        counting.asked("lamp", "iot:Publish", f"topic/{number}", True)
    counting.asked("lamp", "iot:Publish", "topic/0", False)
    counting._write()
    lamp = usage.read(path)["lamp"]
    assert len(lamp["uses"]["iot:Publish"]) == usage._MOST and lamp["more"]
    assert lamp["uses"]["iot:Publish"]["topic/0"] == [1, 1]
    assert usage.Usage(path).clients["lamp"] == lamp


def test_messages_are_metered_as_aws_does():
    """By 5 KB, operations of shadows by 1 KB; Basic Ingest is no message, but a rule."""
    counting = usage.Usage(Path("none"))
    for size, topic in ((5120, "dt/x"), (5121, "dt/x"), (9000, "$aws/rules/r/x"), (1025, _SHADOW)):
        counting.received("demo_0", 3, size, topic)
    counting.triggered("demo_0", 5121, 2)
    counting.received("demo_0", 12, 0, "")  # PINGREQ
    found = counting.clients["demo_0"]
    assert (found["messages"], found["operations"], found["rules"], found["actions"]) == (1 + 2 + 1, 2, 2, 4)
