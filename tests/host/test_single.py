"""thing create, show, update, delete, list: Para's Thing; thing shadow."""

import json
import re
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aws_iot_tools import pki
from aws_iot_tools.fleet import cells

# The fields of the seed's example answer.
_FIELDS = {"id", "timestamp", "type", "appid", "name", "serviceBroker", "deviceState", "deviceMetadata"}
_METADATA = {
    "thingId", "thingName", "thingARN", "clientId", "clientCertId", "clientCertARN", "clientCert", "privateKey",
    "publicKey", "region", "port", "host",
}  # fmt: skip


def test_a_thing_from_create_to_delete(thing, account, ministack):
    made = json.loads(thing.run("create", "MyThing").stdout)
    details = made["deviceMetadata"]
    assert set(made) == _FIELDS and set(details) == _METADATA
    assert made["name"] == details["clientId"] == details["thingName"] == "MyThing"
    assert made["id"] == details["thingId"] and made["serviceBroker"] == "AWS" and made["deviceState"] == {}
    assert details["clientCertARN"].endswith(f"cert/{details['clientCertId']}")
    assert (details["host"], details["port"], details["region"]) == ("localhost", ministack.port, "us-east-1")
    pki.check_pair(details["clientCert"], details["privateKey"])
    assert details["publicKey"] == pki.public_pem(details["privateKey"])
    assert not [path for path in (thing.folder.parent / "home").rglob("*") if path.is_file()], "the key is kept nowhere"

    assert thing.json("list", "--names") == ["MyThing"]
    assert account.policies() == ["MyThing-Policy"]
    read = thing.json("show", "MyThing")
    assert set(read) == _FIELDS - {"timestamp", "deviceMetadata"} and read["id"] == made["id"]

    assert thing.json("update", "MyThing", '{"led": "on"}')["deviceState"] == {"led": "on"}
    data = account.client("iot-data")
    assert _shadow(data)["state"]["desired"] == {"led": "on"}
    data.update_thing_shadow(thingName="MyThing", payload='{"state":{"reported":{"led":"off","temp":20}}}')
    assert thing.json("show", "MyThing")["deviceState"] == {"led": "on", "temp": 20}

    thing.run("delete", "MyThing", "--yes")
    account.assert_empty()
    assert "there is no thing MyThing" in thing.run("shadow", "get", "MyThing", code=1).stderr


def _shadow(data) -> dict:
    return json.loads(data.get_thing_shadow(thingName="MyThing")["payload"].read())


def test_create_refuses_what_exists(thing, account):
    account.client("iot").create_thing(thingName="lamp")
    assert "there is a thing lamp already" in thing.run("create", "lamp", code=1).stderr
    assert account.certificates() == [] and account.policies() == []


def test_delete_takes_things_made_elsewhere_too(thing, account):
    """A certificate that another thing has as well, and a policy that others use, stay."""
    iot = account.client("iot")
    made = [iot.create_keys_and_certificate(setAsActive=True)["certificateArn"] for _ in range(2)]
    for name in ("lamp", "other"):
        iot.create_thing(thingName=name)
        iot.attach_thing_principal(thingName=name, principal=made[0])
    iot.attach_thing_principal(thingName="lamp", principal=made[1])
    iot.create_policy(policyName="shared", policyDocument='{"Version":"2012-10-17","Statement":[]}')
    iot.attach_policy(policyName="shared", target=made[1])
    assert "nothing was deleted" in thing.run("delete", "lamp", typed="n\n", code=1).stderr
    thing.run("delete", "lamp", "--yes")
    assert account.thing_names() == ["other"] and account.policies() == ["shared"]
    assert [row["certificateArn"] for row in account.certificates()] == [made[0]]


_WIDE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}


def test_a_policy_that_was_not_made_here_is_neither_taken_nor_deleted(thing, account):
    iot = account.client("iot")
    iot.create_policy(policyName="lamp-Policy", policyDocument=json.dumps(_WIDE))
    assert "there is a policy lamp-Policy already" in thing.run("create", "lamp", code=1).stderr
    assert account.thing_names() == [] and account.certificates() == []
    iot.create_thing(thingName="lamp")
    assert "the policy lamp-Policy was not made here" in thing.run("delete", "lamp", "--yes").stdout
    assert account.thing_names() == [] and account.policies() == ["lamp-Policy"]


def test_two_creations_of_one_name_do_not_meet(thing, account, proxy):
    thing.environment["AWS_ENDPOINT_URL"] = proxy.url
    proxy.latency_s = 0.3
    first = thing.start("create", "lamp")
    while len(proxy.calls) < 2 and first.poll() is None:  # the first call asks whose account it is
        time.sleep(0.02)
    for words in (["create", "lamp"], ["delete", "lamp", "--yes"]):
        assert "another `thing` command is at work" in thing.run(*words, code=1).stderr
    proxy.latency_s = 0
    output, _ = first.communicate(timeout=120)
    assert json.loads(output)["name"] == "lamp" and len(account.certificates()) == 1
    thing.run("delete", "lamp", "--yes")
    account.assert_empty()


def test_a_key_that_nobody_would_see_is_not_made(thing, account):
    script = f"exec '{Path(sys.executable).with_name('thing')}' create lamp >&-"
    done = subprocess.run(["sh", "-c", script], env=thing.environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "standard output is closed" in done.stderr
    account.assert_empty()


def test_rsa(thing, account):
    made = thing.json("create", "lamp", "--rsa")["deviceMetadata"]
    assert "RSA PRIVATE KEY" in made["privateKey"]
    pki.check_pair(made["clientCert"], made["privateKey"])
    thing.run("delete", "lamp", "--yes")
    account.assert_empty()


def test_a_creation_that_stopped_is_private(thing, account, proxy):
    thing.environment["AWS_ENDPOINT_URL"] = proxy.url
    proxy.refuse["AttachPolicy"] = (1, 403, "UnauthorizedException")
    thing.run("create", "lamp", code=1)
    (key,) = (thing.folder.parent / "home").rglob("*.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600 and stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    made = thing.json("create", "lamp")["deviceMetadata"]
    pki.check_pair(made["clientCert"], made["privateKey"])
    assert len(account.certificates()) == 1


def test_shadow_get_and_set(thing, account):
    account.client("iot").create_thing(thingName="lamp")
    assert "version 1" in thing.run("shadow", "set", "lamp", '{"led": {"on": true, "dim": 3}}').stdout
    assert thing.json("shadow", "set", "lamp", '{"led": {"dim": null}}')["version"] == 2
    assert thing.json("shadow", "get", "lamp")["state"]["desired"] == {"led": {"on": True}}
    thing.run("shadow", "set", "lamp", '{"mode": 1}', "--name", "night")
    assert thing.json("shadow", "get", "lamp", "--name", "night")["state"]["desired"] == {"mode": 1}
    assert thing.json("shadow", "get", "lamp")["version"] == 2


def _until(watch, number: int) -> list:
    """The next lines of a watch, without the time that each document's first begins with."""
    return [re.sub(r"^\d\d:\d\d:\d\d ", "", watch.stdout.readline().rstrip()) for _ in range(number)]


@pytest.mark.parametrize("options", [(), ("--interval", "0.2")], ids=["told", "asked"])
def test_shadow_watch_follows_changes(thing, account, proxy, options):
    """Without an interval it is told by MQTT, and asks only when it begins."""
    thing.environment["AWS_ENDPOINT_URL"] = proxy.url if options else account.url
    account.client("iot").create_thing(thingName="lamp")
    watch = thing.start("shadow", "watch", "lamp", *options, "--changes", "3")
    assert _until(watch, 1) == ["no shadow yet; waiting for it"]
    thing.run("shadow", "set", "lamp", '{"led": "on"}')
    assert _until(watch, 2) == ["version 1", '  desired.led: - -> "on"']
    data = account.client("iot-data")
    data.update_thing_shadow(thingName="lamp", payload='{"state":{"reported":{"led":"on"}}}')
    assert _until(watch, 2) == ["version 2", '  reported.led: - -> "on"']
    data.delete_thing_shadow(thingName="lamp")
    output, error = watch.communicate(timeout=120)
    assert output.endswith(" the shadow was deleted\n") and not error
    assert watch.returncode == 0


def test_each_of_many_quick_changes_is_told(thing, account):
    """What undoes itself within a moment, too, which no asking sees; and the state at its beginning is no change."""
    account.client("iot").create_thing(thingName="lamp")
    data = account.client("iot-data")
    data.update_thing_shadow(thingName="lamp", payload='{"state":{"reported":{"n":0}}}')
    watch = thing.start("shadow", "watch", "lamp", "--changes", "20", "--json")
    first = json.loads(watch.stdout.readline())
    assert first["state"] == {"reported": {"n": 0}} and "time" in first
    for number in range(1, 21):
        data.update_thing_shadow(thingName="lamp", payload=f'{{"state":{{"reported":{{"n":{number % 2}}}}}}}')
    told = [json.loads(watch.stdout.readline()) for _ in range(20)]
    assert [row["state"]["reported"]["n"] for row in told] == [number % 2 for number in range(1, 21)]
    assert watch.communicate(timeout=120)[1] == "" and watch.returncode == 0


def test_without_mqtt_a_watch_asks_and_says_so(thing, account, proxy):
    """The proxy knows no WebSocket, as those of companies."""
    account.client("iot").create_thing(thingName="lamp")
    thing.environment["AWS_ENDPOINT_URL"] = proxy.url
    watch = thing.start("shadow", "watch", "lamp", "--changes", "1")
    assert _until(watch, 1) == ["no shadow yet; waiting for it"]
    said = watch.stderr.readline()
    assert said.startswith("thing: no MQTT connection to 127.0.0.1:")
    assert said.endswith("the shadow is asked for each 1 s, which AWS bills\n")
    thing.run("shadow", "set", "lamp", '{"led": "on"}')
    assert _until(watch, 2) == ["version 1", '  desired.led: - -> "on"']
    assert watch.communicate(timeout=120)[1] == "" and watch.returncode == 0


def test_a_watch_goes_on_after_a_poll_that_failed(thing, account, proxy):
    account.client("iot").create_thing(thingName="lamp")
    thing.environment.update(AWS_ENDPOINT_URL=proxy.url, AWS_MAX_ATTEMPTS="1")
    watch = thing.start("shadow", "watch", "lamp", "--interval", "0.2", "--changes", "1")
    assert _until(watch, 1) == ["no shadow yet; waiting for it"]
    proxy.refuse["GetThingShadow"] = (12, 503, "ServiceUnavailableException")
    assert "going on as soon as it answers" in watch.stderr.readline()
    thing.environment["AWS_ENDPOINT_URL"] = account.url
    thing.run("shadow", "set", "lamp", '{"led": "on"}')
    assert _until(watch, 2) == ["version 1", '  desired.led: - -> "on"']
    assert watch.communicate(timeout=120)[1] == "thing: AWS answers again\n" and watch.returncode == 0


def test_list_shows_what_is_known(thing, project, account):
    """MiniStack's fleet index knows who is connected; where it is off, shadows are asked for one by one."""
    thing.run("add", "demo", "-n", "2")
    iot, data = account.client("iot"), account.client("iot-data")
    data.update_thing_shadow(thingName="demo_0", payload='{"state":{"reported":{"version":"1.2.0"}}}')
    data.update_thing_shadow(thingName="demo_1", payload='{"state":{"reported":{"version":{"odd":1}}}}')
    iot.create_thing(thingName="elsewhere")
    kept = project / ".aws_things_resources"
    (kept / "demo_1").rename(kept / "demo_7")  # as when its thing was deleted in the console
    rows = [re.split(r"  +", line) for line in thing.run("list").stdout.splitlines()]
    assert rows[0] == [*cells.HEADS, "KEY"]
    told = {row[0]: dict(zip(rows[0][1:], row[1:], strict=True)) for row in rows[1:]}
    lamp = told["demo_0"]
    assert (lamp["ONLINE"], lamp["VERSION"], lamp["KEY"]) == ("-", "1.2.0", "demo")
    assert lamp["LAST REPORT"].endswith(" s ago") and lamp["DIFFERENCE"] == "none" and lamp["HEAP"] == "-"
    assert told["demo_1"]["VERSION"] == "-" and told["demo_1"]["KEY"] == "-"
    assert [*told["elsewhere"].values()] == ["-", "-", "-", "none", "-", "-", "-", "-"]
    assert [*told["demo_7"].values()] == [*["-"] * 7, "only in demo"]
    assert thing.run("list", "--names", "else").stdout == "elsewhere\n"
    shown = {row["thing"]: row for row in thing.json("list")}
    assert shown["demo_0"]["here"] == "demo" and shown["demo_0"]["there"] and not shown["demo_7"]["there"]
    index = {"thingIndexingMode": "REGISTRY_AND_SHADOW", "thingConnectivityIndexingMode": "STATUS"}
    iot.update_indexing_configuration(thingIndexingConfiguration=index)
    shown = {row["thing"]: row for row in thing.json("list")}
    assert shown["demo_0"]["online"] is False and shown["demo_0"]["version"] == "1.2.0"
    assert shown["demo_0"]["reported_at"], "MiniStack's index has no times: the shadow is asked for"


@pytest.mark.parametrize("seconds, words", [(None, "-"), (0, "0 s ago"), (119, "119 s ago"), (7300, "2 h ago")])
def test_ages_in_words(seconds, words):
    assert cells.age(None if seconds is None else 10_000 - seconds, 10_000) == words


def test_a_misspelt_thing_is_answered_with_the_one_that_was_meant(thing, account):
    account.client("iot").create_thing(thingName="kitchen_lamp")
    assert "(did you mean kitchen_lamp?)" in thing.run("show", "kitchen_lmap", code=1).stderr
    assert "did you mean" not in thing.run("show", "heating", code=1).stderr


def test_delete_looks_before_it_asks(thing):
    said = thing.run("delete", "lamp", code=1).stderr
    assert "there is no thing lamp" in said and "Delete" not in said


def test_what_a_board_wrote_moves_no_terminal(thing, account):
    """Names and values of the shadow are the board's: C0, DEL and C1 are shown as JSON writes them."""
    strange = {"a\x1b]0;x\x07": "b\x7f\x9b2J"}
    account.client("iot").create_thing(thingName="lamp")
    document = json.dumps({"state": {"reported": strange}})
    account.client("iot-data").update_thing_shadow(thingName="lamp", payload=document)
    watch = thing.start("shadow", "watch", "lamp")
    said = watch.stdout.readline() + watch.stdout.readline()
    watch.kill()
    watch.communicate()
    said += thing.run("shadow", "get", "lamp").stdout
    assert "\\u001b]0;x\\u0007" in said and not set(said) & set("\x1b\x07\x7f\x9b")
    assert thing.json("shadow", "get", "lamp")["state"]["reported"] == strange


def test_a_shadow_of_no_thing_and_a_whole_document_are_refused(thing, account):
    assert "there is no thing lmap" in thing.run("shadow", "set", "lmap", '{"led": 1}', code=1).stderr
    said = thing.run("shadow", "set", "lamp", '{"state": {"desired": {"led": 1}}}', code=1).stderr
    assert "give the desired state alone" in said


def test_shadow_watch_in_json(thing, account):
    account.client("iot").create_thing(thingName="lamp")
    thing.run("shadow", "set", "lamp", '{"led": "on"}')
    watch = thing.start("shadow", "watch", "lamp", "--json", "--changes", "1")
    assert json.loads(watch.stdout.readline())["version"] == 1
    thing.run("shadow", "set", "lamp", '{"led": "off"}')
    output, _ = watch.communicate(timeout=120)
    assert json.loads(output)["state"]["desired"] == {"led": "off"}


@pytest.mark.parametrize(
    "state, reason",
    [
        (
            {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": 1}}}}}}}}},
            "a.b.c.d.e.f.g.h: it has members on more than 8",
        ),
        ({"small": 1, "large": "x" * 9000}, "state: over 8192 bytes as JSON, 9002 of them in large"),
        ({"name\udc00": 1}, "no UTF-8"),
    ],
    ids=["levels", "bytes", "text"],
)
def test_what_a_shadow_does_not_take_is_refused_before_anything_is_sent(thing, account, state, reason):
    """By the rule that boards have (aws_iot/document.py); nobody listens at the address of the APIs."""
    thing.environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
    for command in (("shadow", "set"), ("update",)):
        assert reason in thing.run(*command, "lamp", json.dumps(state), code=1).stderr
    deep = '{"a":' * 3000 + "1" + "}" * 3000
    error = thing.run("shadow", "set", "lamp", deep, code=1).stderr
    # Python 3.13 can read it
    assert ("on more levels than can be read" in error) != ("it has members on more than 8 levels" in error)


def test_a_shadow_takes_what_the_accounts_quota_allows(thing, account):
    account.client("iot").create_thing(thingName="lamp")
    state = {"deep": {"b": {"c": {"d": {"e": {"f": {"g": {"h": 1}}}}}}}, "large": "x" * 8000}
    thing.run("shadow", "set", "lamp", json.dumps(state))
    state["large"] = "x" * 9000
    thing.run("shadow", "set", "lamp", json.dumps(state), "--limit-bytes", 30720)
    assert thing.json("shadow", "get", "lamp")["state"]["desired"] == state
