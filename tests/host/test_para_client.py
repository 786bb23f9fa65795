"""Para's own Python client, from PyPI, against `thing serve`: create, read, update, list, search, page, delete."""

import json
import signal
import urllib.request

import jwt
import paho.mqtt.client as mqtt
import pytest
from aws_iot_tools import pki
from paraclient.pager import Pager
from paraclient.paraobject import ParaObject

from .para import client

# The seed's request, and the fields of its answer.
_REQUEST = {"name": "MyThing", "serviceBroker": "AWS"}
_FIELDS = {"id", "timestamp", "type", "appid", "name", "serviceBroker", "deviceState", "deviceMetadata"}
_DETAILS = [
    "thingId", "thingName", "thingARN", "clientId", "clientCertId", "clientCertARN", "clientCert", "privateKey",
    "publicKey", "region", "port", "host",
]  # fmt: skip


def _thing(**fields) -> ParaObject:
    made = ParaObject(None, "thing")
    made.serviceBroker = "AWS"
    made.__dict__.update(fields)
    return made


@pytest.fixture
def served(thing, project):
    """`thing serve` in a process of its own: (url, keys of an app)."""
    keys = thing.json("serve", "keys", "new", "demo", "--app", "myapp")
    running = thing.start("serve", "demo", "--port", "0", "--json")
    try:
        yield json.loads(running.stdout.readline())["url"], keys, running
    finally:
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 130 and said.strip() == "thing: stopped"


def test_para_client_runs_against_it(served, thing, account, ministack):
    url, keys, _ = served
    para = client(url, keys)
    assert para.getApp().id == "app:myapp" and para.getServerVersion() and int(para.getTimestamp())
    made = _assert_the_seeds_answer(para, url, account)
    _assert_a_device_connects(para, ministack, thing.folder)
    _assert_state_is_the_shadows(para, made, account)
    _assert_locking(para, made)
    _assert_lists_and_searches(para)
    _assert_tokens(para, keys, url)
    other = client(url, thing.json("serve", "keys", "new", "demo", "--app", "other"))
    assert other.read("thing", made.id) is None and other.list("thing") == [], "another app's things"
    for found in para.list("thing", Pager(limit=256)):
        para.delete(found)
    assert para.list("thing") == [] and para.read("thing", made.id) is None
    account.assert_empty()
    _assert_no_shadow(account.client("iot-data"), "MyThing")


def _assert_the_seeds_answer(para, url, account) -> ParaObject:
    answer = para.invokePost("things", json.dumps(_REQUEST))
    made = answer.json()
    assert answer.status_code == 201 and answer.headers["location"] == f"/v1/things/{made['id']}"
    details = made["deviceMetadata"]
    assert set(made) >= _FIELDS and list(details) == _DETAILS and made["deviceDetails"] == details
    assert (made["type"], made["appid"], made["name"]) == ("thing", "myapp", "MyThing")
    assert made["serviceBroker"] == "AWS" and made["deviceState"] == {} and made["timestamp"] > 1.7e12
    found = account.client("iot").describe_thing(thingName="MyThing")
    assert found["thingId"] == details["thingId"] == made["id"] and found["thingArn"] == details["thingARN"]
    assert details["thingName"] == details["clientId"] == "MyThing"
    (certificate,) = account.certificates()
    assert certificate["certificateArn"] == details["clientCertARN"]
    assert certificate["certificateId"] == details["clientCertId"]
    assert details["privateKey"].startswith("-----BEGIN RSA PRIVATE KEY-----\n"), "PKCS#1"
    assert details["publicKey"].startswith("-----BEGIN PUBLIC KEY-----\n")
    assert pki.load_key(details["privateKey"]).key_size == 2048
    pki.check_pair(details["clientCert"], details["privateKey"])
    assert details["publicKey"] == pki.public_pem(details["privateKey"])
    assert (details["region"], details["port"], details["host"]) == ("us-east-1", int(_mqtt_port(account)), "localhost")
    (policy,) = account.policies()
    text = account.client("iot").get_policy(policyName=policy)["policyDocument"]
    assert policy == "MyThing-Policy" and "${iot:Connection.Thing.ThingName}" in text and '"Resource":"*"' not in text
    read = para.read("thing", made["id"])
    assert not {"deviceMetadata", "deviceDetails"} & set(vars(read)), "once"
    assert {**vars(read)} == {key: made[key] for key in vars(read)}
    assert para.read(id_=made["id"]).name == "MyThing"
    assert para.create(_thing(name="MyThing")) is None, "400: the name is taken"
    return read


def _mqtt_port(account) -> str:
    return account.environment["IOT_MTLS_PORT"]


def _assert_a_device_connects(para, ministack, folder) -> None:
    """With the answer's details alone and AWS's CA, as the thing's policy allows it; its report is read."""
    made = para.create(_thing(name="board"))
    details = made.deviceDetails
    files = {"ca": ministack.ca, "certificate": details["clientCert"], "key": details["privateKey"]}
    for name, text in files.items():
        (folder / name).write_text(text)
    device = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, details["clientId"])
    device.tls_set(*(str(folder / name) for name in files))
    device.connect(details["host"], details["port"])
    device.loop_start()
    try:
        report = json.dumps({"state": {"reported": {"temperature": 21}}})
        sent = device.publish(f"$aws/things/{details['thingName']}/shadow/update", report, qos=1)
        sent.wait_for_publish(60)
        assert sent.is_published()
    finally:
        device.disconnect()
        device.loop_stop()
    assert para.read("thing", made.id).deviceState == {"temperature": 21}
    para.delete(made)


def _assert_state_is_the_shadows(para, made, account) -> None:
    data = account.client("iot-data")
    made.deviceState = {"led": "on"}
    assert para.update(made).deviceState == {"led": "on"}
    shadow = json.loads(data.get_thing_shadow(thingName="MyThing")["payload"].read())
    assert shadow["state"]["desired"] == {"led": "on"}
    report = {"state": {"reported": {"led": "off", "climate": {"temperature": 20.5}}}}
    data.update_thing_shadow(thingName="MyThing", payload=json.dumps(report))
    read = para.read("thing", made.id)
    assert read.deviceState == {"led": "on", "climate": {"temperature": 20.5}}
    read.deviceState["led"] = "blinking"  # the object comes back whole: what was only reported is no wish
    read.room = "kitchen"
    changed = para.update(read)
    assert changed.room == "kitchen" and changed.version == read.version + 1 and changed.updated >= changed.timestamp
    shadow = json.loads(data.get_thing_shadow(thingName="MyThing")["payload"].read())
    assert shadow["state"]["desired"] == {"led": "blinking"}


def _assert_locking(para, made) -> None:
    first, second = para.read("thing", made.id), para.read("thing", made.id)
    first.tags = ["one"]
    assert para.update(first).tags == ["one"]
    second.tags = ["two"]
    assert para.update(second) is None, "412"
    assert para.invokePatch(f"thing/{made.id}", json.dumps({"version": 2})).status_code == 412
    assert para.read("thing", made.id).tags == ["one"]


def _assert_lists_and_searches(para) -> None:
    lamps = [_thing(name=f"lamp_{number}", tags=["lamp", f"t{number}"], watts=number) for number in range(5)]
    more = para.createAll(lamps)
    assert [each.name for each in more] == [f"lamp_{number}" for number in range(5)]
    assert all("PRIVATE KEY" in each.deviceDetails["privateKey"] for each in more)
    chosen = _thing(name="chosen")
    chosen.id = "shelf:1"
    assert para.create(chosen).id == "shelf:1" and para.read("thing", "shelf:1").name == "chosen"
    pager, seen = Pager(limit=3, sortby="name", desc=False), []
    while page := para.list("thing", pager):
        seen += [each.name for each in page]
        pager.page += 1
    assert seen == sorted(["MyThing", "chosen", *(each.name for each in more)]) and pager.count == 7
    ids = Pager(limit=4, sortby="_docid", desc=False)
    before, after = para.list("thing", ids), para.list("thing", ids)
    assert [each.id for each in before + after] == sorted(each.id for each in before + after) and len(after) == 3

    def names(found):
        return sorted(each.name for each in found)

    assert names(para.findQuery("thing", "lamp_*")) == [each.name for each in more]
    assert names(para.findQuery("thing", "watts:3")) == names(para.findTerms("thing", {"watts": "3"})) == ["lamp_3"]
    assert names(para.findQuery("thing", "deviceState.led:blink*")) == ["MyThing"]
    assert names(para.findPrefix("thing", "name", "My")) == ["MyThing"]
    assert names(para.findWildcard("thing", "room", "kit*n")) == ["MyThing"]
    assert names(para.findTagged("thing", ["lamp", "t2"])) == ["lamp_2"]
    assert names(para.findTermInList("thing", "name", ["lamp_0", "chosen", "nobody"])) == ["chosen", "lamp_0"]
    assert para.findById("shelf:1").name == "chosen" and len(para.findByIds([more[0].id, more[1].id, "x"])) == 2
    assert para.getCount("thing") == 7 and para.getCount("thing", {"name": "lamp_1"}) == 1
    assert names(para.readAll([more[4].id, more[0].id, "x"])) == ["lamp_0", "lamp_4"]
    for each in more[:2]:
        each.watts = 60
        del each.deviceDetails, each.deviceMetadata
    assert [each.watts for each in para.updateAll(more[:2])] == [60, 60]
    assert para.updateAll(more[:2]) == [], "412: both are stale"
    para.deleteAll([each.id for each in more])
    assert names(para.list("thing")) == ["MyThing", "chosen"]


def _assert_tokens(para, keys, url) -> None:
    """paraclient takes a token whose claims are a multiple of three bytes: it decodes them without padding."""
    claims = {"appid": "myapp", "exp": int(para.getTimestamp()) // 1000 + 600, "refresh": 0}
    claims["pad"] = "x" * (-len(json.dumps({**claims, "pad": ""}, separators=(",", ":"))) % 3)
    bearer = client(url, {**keys, "secretKey": "wrong"})
    assert bearer.getApp() is None
    bearer.setAccessToken(jwt.encode(claims, keys["secretKey"], "HS256"))
    assert bearer.getApp().id == "app:myapp"


def _assert_no_shadow(data, name) -> None:
    with pytest.raises(data.exceptions.ResourceNotFoundException):
        data.get_thing_shadow(thingName=name)


def test_a_second_server_a_taken_port_and_the_page(served, thing):
    url, _, _ = served
    port = url.rpartition(":")[2]
    assert "another `thing` command is at work" in thing.run("serve", "demo", "--port", "0", code=1).stderr
    assert f"port {port} is taken" in thing.run("serve", "demo", "--port", port, code=1).stderr
    with urllib.request.urlopen(f"{url}/docs", timeout=60) as answer:
        page = answer.read().decode()
    assert "https://" not in page.replace("https://fastapi", ""), "nothing of it is from elsewhere"
    with urllib.request.urlopen(f"{url}/openapi.json", timeout=60) as answer:
        paths = json.load(answer)["paths"]
    assert set(paths["/v1/things"]) == {"get", "post"} and set(paths["/v1/things/{key}"]) >= {"put", "patch", "delete"}
