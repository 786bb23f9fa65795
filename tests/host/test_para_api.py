"""Para's API with bad input, and with AWS that refuses: the codes that Para gives, and nothing half made."""

import http.client
import json
import string
import threading
import time

import pytest
from aws_iot_tools.fleet.para import objects, search
from aws_iot_tools.fleet.para.refusal import Refused
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import REGION
from .para import Api

_NEW = {"name": "lamp", "serviceBroker": "AWS"}


@pytest.fixture
def api(project, account, monkeypatch):
    """The API of the project `demo`, over the local AWS."""
    with _served(project, account, account.url, monkeypatch) as running:
        yield running


@pytest.fixture
def far(project, account, proxy, monkeypatch):
    """The same with the proxy between it and AWS."""
    with _served(project, account, proxy.url, monkeypatch) as running:
        yield running


def _served(project, account, url, monkeypatch) -> Api:
    for name, value in account.environment.items():
        if name.startswith(("AWS_", "IOT_", "XDG_")):
            monkeypatch.setenv(name, value)
    return Api(project, url, REGION)


def _records(api) -> list:
    return [path.name for path in api.things.folder.iterdir() if path.is_dir()]


def _assert_refused(answer, code, words="") -> None:
    assert answer.status == code and answer.json["code"] == code and words in answer.json["message"], answer.json


_BAD = {
    "no broker": ({"name": "x"}, "serviceBroker"),
    "another broker": ({**_NEW, "serviceBroker": "Azure"}, "serviceBroker"),
    "broker of no text": ({**_NEW, "serviceBroker": 1}, "serviceBroker"),
    "name of no text": ({**_NEW, "name": 7}, "name"),
    "name that AWS refuses": ({**_NEW, "name": "my lamp"}, "name"),
    "name too long": ({**_NEW, "name": "x" * 125}, "name"),
    "state of no object": ({**_NEW, "deviceState": [1]}, "deviceState"),
    "state too large": ({**_NEW, "deviceState": {"x": "y" * 8192}}, "deviceState"),
    "state too deep": ({**_NEW, "deviceState": json.loads('{"a":' * 10 + "1" + "}" * 10)}, "deviceState"),
    "tags of no list": ({**_NEW, "tags": "a"}, "tags"),
    "tags of no texts": ({**_NEW, "tags": [1]}, "tags"),
    "version of no number": ({**_NEW, "version": "1"}, "version"),
    "version that is true": ({**_NEW, "version": True}, "version"),
    "policy of one's own": ({**_NEW, "deviceMetadata": {"policyJSON": "{}"}}, "policy"),
    "vote": ({**_NEW, "_voteup": "me"}, "_voteup"),
    "no object": ([_NEW], "object"),
    "no JSON": (b'{"name": ', "JSON"),
    "NaN": (b'{"name": "x", "serviceBroker": "AWS", "x": NaN}', "NaN"),
    "too deep": (b"[" * 100_000, "JSON"),
    "deep": (b'{"serviceBroker": "AWS", "x":' + b"[" * 80 + b"]" * 80 + b"}", "64 levels"),
    "no UTF-8": (b'{"name": "\xff"}', "UTF-8"),
    "half a surrogate pair": (b'{"name": "x", "serviceBroker": "AWS", "x": "\\ud800"}', "UTF-8"),
    "nothing": (b"", "Missing request body."),
    "over 1 MB": (json.dumps({**_NEW, "x": "y" * 1024 * 1024}).encode(), "the maximum is 1024 KB"),
}


def test_what_is_not_right_is_refused_before_anything_is_made(api, account):
    made = api.ask("POST", "/v1/things", _NEW).json
    own = {"serviceBroker"}  # which other routes ignore, as locked
    for name, (body, words) in _BAD.items():
        _assert_refused(api.ask("POST", "/v1/things", body), 400, words)
        _assert_refused(api.ask("PUT", "/v1/thing/new:1", body), 400, words)
        if not (isinstance(body, dict) and words in own and not isinstance(body.get("serviceBroker"), int)):
            _assert_refused(api.ask("PATCH", f"/v1/things/{made['id']}", body), 400, words)
            _assert_refused(api.ask("PUT", f"/v1/things/{made['id']}", body), 400, words)
        if isinstance(body, dict):
            _assert_refused(api.ask("POST", "/v1/_batch", [{**_NEW, "name": "good"}, body]), 400, words)
        assert account.thing_names() == ["lamp"], name
    _assert_refused(api.ask("POST", "/v1/things", b"x" * 10 * 1024 * 1024), 400, "the maximum is 1024 KB")
    _assert_refused(api.ask("POST", "/v1/things", _NEW), 400, "there is a thing lamp already")
    _assert_refused(api.ask("PATCH", f"/v1/things/{made['id']}", {"name": "other"}), 400, "keeps its name")
    wrong = [(_NEW, "array"), ([1], "array"), ([{**_NEW, "type": "cat"}], "cat"), ([{**_NEW, "id": 1}], "id")]
    for body, words in wrong:
        _assert_refused(api.ask("POST", "/v1/_batch", body), 400, words)
    _assert_refused(api.ask("POST", "/v1/_batch", [_NEW | {"name": "a"}] * 2), 400, "two of the things")
    _assert_refused(api.ask("POST", "/v1/_batch", [_NEW | {"name": f"x{n}"} for n in range(257)]), 400, "Limit reached")
    same = [_NEW | {"name": name, "id": "1"} for name in "ab"]
    _assert_refused(api.ask("POST", "/v1/_batch", same), 400, "two of the things")
    assert api.ask("POST", "/v1/_batch", []).json == api.ask("PATCH", "/v1/_batch", []).json == []
    for method in ("GET", "DELETE"):
        _assert_refused(api.ask(method, "/v1/_batch"), 400, "Missing ids.")
    _assert_refused(api.ask("PUT", "/v1/things/a*b", _NEW | {"name": "x"}), 400, "id: 1 to 128")
    assert account.thing_names() == ["lamp"] and len(account.certificates()) == len(account.policies()) == 1
    assert api.ask("GET", f"/v1/things/{made['id']}").json["version"] == 1 and _records(api) == []


def test_each_route_without_right_and_what_is_not_there(api):
    made = api.ask("POST", "/v1/things", _NEW).json
    routes = [
        ("GET", "/v1/"), ("GET", "/v1/_me"), ("GET", f"/v1/_id/{made['id']}"), ("GET", "/v1/utils/timestamp"),
        ("POST", "/v1/_batch"), ("GET", "/v1/_batch?ids=1"), ("PUT", "/v1/_batch"), ("PATCH", "/v1/_batch"),
        ("DELETE", f"/v1/_batch?ids={made['id']}"), ("POST", "/v1/things"), ("GET", "/v1/things"), ("GET", "/v1/thing"),
        ("GET", "/v1/things/search/ids?ids=1"), ("GET", "/v1/search"), ("GET", f"/v1/things/{made['id']}"),
        ("PUT", f"/v1/things/{made['id']}"), ("PATCH", f"/v1/things/{made['id']}"), ("GET", "/v1/cats"),
        ("DELETE", f"/v1/thing/{made['id']}"), ("DELETE", "/v1/things"),
    ]  # fmt: skip

    def stamp(seconds):
        return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + seconds))

    for method, path in routes:
        _assert_refused(api.ask(method, path, headers={}), 401, "You don't have permission")
        _assert_refused(api.ask(method, path, headers={"Authorization": "Anonymous app:myapp"}), 403, "[GUEST]")
        _assert_refused(api.ask(method, path, headers={"Authorization": "Bearer x.y.z"}), 401)
        _assert_refused(api.ask(method, path, secret="wrong"), 403, "Invalid signature")
        for seconds in (-1000, 1000):
            _assert_refused(api.ask(method, path, date=stamp(seconds)), 400, "Request has expired.")
        signed = api.signed(method, path)
        nobody = {**signed, "Authorization": signed["Authorization"].replace("app:myapp/", "app:nobody/")}
        _assert_refused(api.ask(method, path, headers=nobody), 404, "App not found.")
        _assert_refused(api.ask(method, path, b"{}", headers=signed), 403, "Invalid signature")
        _assert_refused(api.ask(method, path, headers={"Authorization": signed["Authorization"]}), 400, "expired")
        for other in ("us-west-1/para", "us-east-1/iot"):
            elsewhere = signed["Authorization"].replace("us-east-1/para", other)
            _assert_refused(api.ask(method, path, headers={**signed, "Authorization": elsewhere}), 403)
        _assert_refused(api.ask(method, path, headers={**signed, "Host": "evil.example"}), 403, "none of its own")
    api.keys("other")
    for app, key in (("other", made["id"]), ("myapp", "nobody"), ("myapp", "a%2Fb"), ("myapp", "%00")):
        for method in ("GET", "PATCH", "DELETE"):
            _assert_refused(api.ask(method, f"/v1/things/{key}", None if method != "PATCH" else {}, app=app), 404)
    _assert_refused(api.ask("GET", "/v1/cats"), 404, "Type 'cats' not found.")
    assert api.ask("GET", "/v1/search/id?type=cat").json == {"items": [], "page": 1, "totalHits": 0}
    for unserved in ("similar", "nearby", "nested"):
        _assert_refused(api.ask("GET", f"/v1/things/search/{unserved}"), 400, "not served here")
    _assert_refused(api.ask("GET", "/v1/things?q=a%20OR%20b"), 400, "OR is not served")
    odd = "limit=abc&page=-1&sort=%22%27&desc=maybe&lastKey=x"
    assert api.ask("GET", f"/v1/things?{odd}").json["totalHits"] == 1, "as Para reads numbers that are none"
    assert api.ask("GET", f"/v1/_id/{made['id']}").json == api.ask("GET", f"/v1/thing/{made['id']}").json


def test_a_creation_takes_no_call_of_a_scarce_kind_more_than_add_things(far, proxy):
    """Each of these is paced to some ten a second for an account; DescribeThing is not. The CA is a local AWS's."""
    far.ask("POST", "/v1/things", {**_NEW, "name": "first"})  # with what is asked once
    del proxy.calls[:]
    assert far.ask("POST", "/v1/things", _NEW).status == 201
    once = {"CreateThing", "CreateCertificateFromCsr", "AttachPolicy", "AttachThingPrincipal"}
    assert sorted(name for _, name in proxy.calls) == sorted(
        [*once, "/things/lamp", "/policies/lamp-Policy", "/_ministack/iot/ca.pem"]
    )


def test_a_creation_that_aws_refuses_leaves_nothing(far, account, proxy):
    """At each step of it, one alone and one of a batch; the same request works when AWS does."""
    for operation in ("CreateThing", "CreateCertificateFromCsr", "AttachPolicy", "AttachThingPrincipal"):
        proxy.refuse[operation] = (1, 403, "UnauthorizedException")
        answer = far.ask("POST", "/v1/things", {**_NEW, "deviceState": {"led": 1}})
        _assert_refused(answer, 500, f"iot:{operation}")
        account.assert_empty()
    proxy.refuse["CreateCertificateFromCsr"] = (1, 403, "UnauthorizedException")
    batch = [{**_NEW, "name": f"lamp_{number}"} for number in range(3)]
    _assert_refused(far.ask("POST", "/v1/_batch", batch), 500)
    account.assert_empty()
    assert _records(far) == [] and far.ask("GET", "/v1/things").json["totalHits"] == 0
    assert len(far.ask("POST", "/v1/_batch", batch).json) == 3 and len(account.certificates()) == 3


def test_a_deletion_that_aws_refuses_goes_on_later(far, account, proxy):
    made = [far.ask("POST", "/v1/things", {**_NEW, "name": name}).json for name in ("one", "two")]
    for each in made:
        proxy.refuse["DeleteCertificate"] = (1, 403, "UnauthorizedException")
        _assert_refused(far.ask("DELETE", f"/v1/things/{each['id']}"), 500, "iot:DeleteCertificate")
    assert far.ask("DELETE", f"/v1/things/{made[0]['id']}").status == 200
    assert len(account.certificates()) == 1 and account.policies() == ["two-Policy"]
    assert far.ask("DELETE", f"/v1/_batch?ids={made[1]['id']}&ids=nobody").status == 200
    account.assert_empty()


def test_a_thing_that_others_deleted_or_rotated(api, thing, account):
    """What `thing delete` or the console took is not there; the certificate that a thing got later goes with it."""
    iot = account.client("iot")
    gone, rotated = [api.ask("POST", "/v1/things", {**_NEW, "name": name}).json for name in ("gone", "rotated")]
    thing.run("delete", "gone", "--yes")
    iot.create_thing(thingName="gone")  # somebody else's, of the same name
    for method, body in (("GET", None), ("PATCH", {"x": 1}), ("DELETE", None)):
        _assert_refused(api.ask(method, f"/v1/things/{gone['id']}", body), 404)
    _assert_refused(api.ask("POST", "/v1/things", {**_NEW, "name": "gone"}), 400, "already")
    assert account.thing_names() == ["gone", "rotated"]
    fresh = iot.create_keys_and_certificate(setAsActive=True)["certificateArn"]
    shared = iot.create_keys_and_certificate(setAsActive=True)["certificateArn"]
    for arn in (fresh, shared):
        iot.attach_thing_principal(thingName="rotated", principal=arn)
    iot.attach_thing_principal(thingName="gone", principal=shared)
    assert api.ask("DELETE", f"/v1/thing/{rotated['id']}").status == 200
    assert [row["certificateArn"] for row in account.certificates()] == [shared]
    assert account.thing_names() == ["gone"] and account.policies() == []


def test_many_at_once_change_one_thing(api):
    """With the version each wins once; without it nothing is lost either."""
    made = api.ask("POST", "/v1/things", _NEW).json
    path, codes = f"/v1/things/{made['id']}", []

    def change(number):
        codes.append(api.ask("PATCH", path, {"version": 1, f"f{number}": 1}).status)
        api.ask("PATCH", path, {f"g{number}": 1, "deviceState": {f"s{number}": 1}})

    threads = [threading.Thread(target=change, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(codes).count(200) <= 1 and set(codes) <= {200, 412}
    read = api.ask("GET", path).json
    assert {f"g{number}" for number in range(6)} <= set(read) and len(read["deviceState"]) == 6
    assert read["version"] == 1 + codes.count(200) + 6
    posts = []
    threads = [
        threading.Thread(target=lambda: posts.append(api.ask("POST", "/v1/things", {**_NEW, "name": "same"}).status))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(posts) == [201, 400, 400, 400]


def test_put_replaces(api, account):
    given_ = {**_NEW, "room": "a", "tags": ["t"], "deviceState": {"led": 1, "x": 2}}
    first = api.ask("PUT", "/v1/things/shelf:1", given_)
    assert first.status == 200 and first.json["id"] == first.json["deviceDetails"]["thingId"] == "shelf:1"
    second = api.ask("PUT", "/v1/things/shelf:1", {"floor": 2, "deviceState": {"led": {"on": True}}}).json
    assert "room" not in second and "deviceDetails" not in second and (second["floor"], second["tags"]) == (2, [])
    assert second["deviceState"] == {"led": {"on": True}} and second["version"] == 2
    assert api.ask("PATCH", "/v1/things/shelf:1", {"floor": None, "deviceState": {"led": None}}).json.keys().isdisjoint(
        {"floor"}
    )
    assert api.ask("GET", "/v1/things/shelf:1").json["deviceState"] == {}
    assert len(account.thing_names()) == 1
    api.store.remove(api.store.all())  # as when the file is lost: AWS has the id, too
    assert api.ask("GET", "/v1/things/shelf:1").status == 404
    api.settle()
    assert api.ask("GET", "/v1/things/shelf:1").json["name"] == "lamp"
    assert api.ask("DELETE", "/v1/things/shelf:1").status == 200
    account.assert_empty()


def test_a_body_that_comes_slowly_or_never(api):
    body = json.dumps(_NEW).encode()
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=60)
    connection.putrequest("POST", "/v1/things")
    for name, value in {**api.signed("POST", "/v1/things", body), "Content-Length": str(len(body))}.items():
        connection.putheader(name, value)
    connection.endheaders()
    for byte in body:
        connection.send(bytes([byte]))
    assert connection.getresponse().status == 201
    connection.close()
    cut = http.client.HTTPConnection("127.0.0.1", api.port, timeout=60)
    cut.putrequest("POST", "/v1/things")
    cut.putheader("Content-Length", "100")
    cut.endheaders(b"{")
    cut.close()
    assert api.ask("GET", "/v1/things").json["totalHits"] == 1


# What is given, whatever it is

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    max_leaves=8,
)
_FIELD = st.sampled_from(["name", "serviceBroker", "deviceState", "tags", "version", "id", "deviceMetadata", "x"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(_FIELD, _JSON) | _JSON)
def test_a_body_is_taken_or_refused(document):
    """And what is taken can be kept, shown, searched and changed."""
    body = json.dumps(document).encode()
    try:
        given_ = objects.parse(body, dict)
        objects.check(given_)
    except Refused as error:
        assert error.code == 400
        return
    kept = json.loads(json.dumps(objects.new(given_)))
    for object_ in (kept, objects.changed(kept, given_), objects.replaced(kept, given_)):
        shown = objects.shown("app", "1", "lamp", object_)
        assert (shown["id"], shown["appid"], shown["name"], shown["type"]) == ("1", "app", "lamp", "thing")
        assert isinstance(shown["tags"], list) and isinstance(shown["deviceState"], dict)
        assert search.question("", {"q": ["a*"]})(shown) in (True, False)
    assert objects.wish(kept["deviceState"], kept["deviceState"]) == {}


@settings(max_examples=60, deadline=None)
@given(st.text(string.printable), st.dictionaries(st.sampled_from("abc"), st.text(string.printable)))
def test_a_search_is_answered_or_refused(text, fields):
    shown = objects.shown("app", "1", "lamp", {**objects.kept(), **fields})
    for kind in ("", "id", "prefix", "wildcard", "tagged", "in", "terms", "count", "nonsense"):
        asked = {"q": [text], "field": [text], "prefix": [text], "terms": [text], "tags": [text]}
        try:
            question = search.question(kind, asked)
        except Refused as error:
            assert error.code == 400
        else:
            assert question is None or question(shown) in (True, False)


def test_a_pattern_of_many_stars_ends():
    pattern = {"q": ["a*" * 40 + "b"], "field": ["x"]}
    begun = time.process_time()
    assert not search.question("wildcard", pattern)({"x": "a" * 5000})
    assert time.process_time() - begun < 5
