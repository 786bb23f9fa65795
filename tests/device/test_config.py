"""aws_iot.config: the files of a thing, and which of them, or which field, is missing or broken."""

from json import dumps

from samples import folder, raises

from aws_iot import load
from aws_iot.config import arguments, read

_CONF = {"endpoint": "x-ats.iot.eu-west-1.amazonaws.com", "mqttid": "thing-1", "policy_name": "p", "cert_arn": "arn"}


def _project(conf=None, **files):
    """A folder with the three files, some changed (None: not there); the path of thing.conf.json."""
    root = folder("config")
    contents = {
        "thing.conf.json": dumps(_CONF if conf is None else conf),
        "certificate.pem.crt": "C",
        "private.pem.key": "K",
    }
    for name in files:
        contents[name.replace("__", ".")] = files[name]
    for name in contents:
        if contents[name] is not None:
            with open(root + "/" + name, "w") as file:
                file.write(contents[name])
    return root + "/thing.conf.json"


def _wrong(path):
    text = str(raises(ValueError, read, path))
    assert path[:-15] in text  # the file is named with its folder
    return text


def test_load_is_zerynths():
    endpoint, mqttid, certificate, key = load(_project())
    assert (endpoint, mqttid) == (_CONF["endpoint"], "thing-1")
    assert (certificate, key) == (b"C", b"K")


def test_arguments_of_a_thing():
    assert arguments(_project(), {}) == {
        "endpoint": _CONF["endpoint"], "client_id": "thing-1", "certificate": b"C", "key": b"K", "thingname": None,
        "ca": None, "port": 8883, "door": "mqtt",
    }  # fmt: skip
    conf = dict(_CONF, thingname="other", port=443, cacert="ca.pem")
    found = arguments(_project(conf, ca__pem="A"), {"keepalive": 30, "port": 1})
    assert (found["thingname"], found["ca"]) == ("other", b"A")
    assert (found["keepalive"], found["port"]) == (30, 1)  # what the program says counts


def test_a_door_by_keys():
    conf = dict(_CONF, door="wss", region="eu-west-1")
    found = arguments(_project(conf, certificate__pem__crt=None, private__pem__key=None), {"keys": 1})
    assert (found["door"], found["port"], found["region"], found["host"]) == ("wss", 443, "eu-west-1", None)
    assert (found["certificate"], found["key"], found["keys"]) == (None, None, 1)


def test_each_door_has_its_port_in_one_file():
    """As `thing add` writes it for a local AWS: the word is all that changes."""
    conf = dict(_CONF, port=8884, ports={"wss": 8444, "https": 8443})
    for door, port in (("mqtt", 8884), ("wss", 8444), ("https", 8443), ("https-sigv4", 443)):
        assert read(_project(dict(conf, door=door)))["port"] == port
    assert read(_project(dict(_CONF, door="wss", port=9)))["port"] == 9
    assert "ports: {door: port}, not [1]" in _wrong(_project(dict(_CONF, door="wss", ports=[1])))
    assert "port" in _wrong(_project(dict(_CONF, door="wss", ports={"wss": "x"})))


def test_missing_files():
    root = folder("config")
    assert "thing.conf.json: no such file" in _wrong(root + "/thing.conf.json")
    assert "certificate.pem.crt: no such file" in _wrong(_project(certificate__pem__crt=None))
    assert "private.pem.key: no such file" in _wrong(_project(private__pem__key=None))
    assert "ca.pem: no such file" in _wrong(_project(dict(_CONF, cacert="ca.pem")))
    raises(ValueError, load, "nowhere.json")


def test_empty_files():
    for name in ("thing__conf__json", "certificate__pem__crt", "private__pem__key"):
        text = _wrong(_project(**{name: ""}))
        assert name.replace("__", ".") in text and "empty" in text


def test_broken_json():
    for content in ("{", "no", '{"endpoint": }', "{} x", "\0"):
        text = _wrong(_project(thing__conf__json=content))
        assert "not JSON" in text or "endpoint is missing" in text, content  # MicroPython takes "{" for {}
    for content in ("[]", "7", '"x"', "null"):
        assert "not a JSON object" in _wrong(_project(thing__conf__json=content))


def test_text_as_windows_writes_it():
    text = dumps(_CONF)
    for content in ("\ufeff" + text, text.replace(", ", ",\r\n"), "\ufeff\r\n" + text + "\r\n"):
        assert read(_project(thing__conf__json=content))["client_id"] == "thing-1"
    path = _project()
    for mark, order in ((b"\xff\xfe", (1, 0)), (b"\xfe\xff", (0, 1))):
        with open(path, "wb") as file:
            file.write(mark + b"".join([bytes([ord(each) * part for part in order]) for each in text]))
        assert "UTF-16: save it as UTF-8" in _wrong(path)


def test_fields_are_of_their_type_range_and_form():
    wrong = {
        "endpoint": (
            "",
            7,
            ["x"],
            {},
            "https://x",
            "x:8883",
            "x y",
            "mqtts://x",
            "arn:aws:iot",
            "x\n",
            "\u00fc",
            "<your-endpoint>",
            "x?y",
            "a..b",
            ".a",
        ),
        "mqttid": ("", 7, ["x"], {}, True, 129 * "x"),
        "thingname": ("", 7, [], "a b", "a/b", 129 * "x"),
        "port": ("8883", 0, -1, 65536, [], 1.5, True),
        "certificate": ("", 7, ["x"]),
        "key": ("", 7, ["x"]),
        "cacert": ("", 7, ["x"]),
        "ca": ("", False),
    }
    said = {"mqttid": "client_id (mqttid)", "thingname": "thing name", "cacert": "ca"}
    for field in wrong:
        for value in wrong[field]:
            text = _wrong(_project(dict(_CONF, **{field: value})))
            assert "thing.conf.json: " + said.get(field, field)[:9] in text, (field, value, text)
    assert read(_project(dict(_CONF, port=None, ca=None, thingname=None)))["port"] == 8883  # null is none


def test_fields_of_a_door_are_of_their_type_range_and_form():
    wrong = {
        "door": ("", "WSS", 7, [], {}, False),
        "poll_ms": ("60000", 0, -5, 1.5, True, []),  # too often would be a flood
        "region": (7, "", "eu west", "EU/west"),
        "host": (7, "", "a b", ["x"], "https://x"),
        "role_alias": (7, "", "a b", True),
        "credentials": (7, "", "https://x", "x:", "x:0", "<x>"),
    }
    given = {"door": "https", "role_alias": "keys", "credentials": "c.example:443", "region": "eu-west-1", "poll_ms": 9}
    conf = dict(_CONF, **given)
    assert read(_project(conf))["poll_ms"] == 9
    for field in wrong:
        for value in wrong[field]:
            text = _wrong(_project(dict(conf, **{field: value})))
            assert "thing.conf.json: " + field in text or field == "credentials" and "port" in text, (value, text)
    for field in ("role_alias", "credentials"):  # also where keys are for another use
        assert "role_alias and credentials: both" in _wrong(_project(dict(conf, door="mqtt", **{field: None})))


def test_two_names_of_one_field():
    assert read(_project(dict(_CONF, client_id="thing-1")))["client_id"] == "thing-1"
    assert "client_id and mqttid are two names" in _wrong(_project(dict(_CONF, client_id="another")))


def test_missing_fields():
    for field, said in (("endpoint", "endpoint is missing"), ("mqttid", "client_id (mqttid) is missing")):
        assert said in _wrong(_project(dict(_CONF, **{field: None})))
        conf = dict(_CONF)
        del conf[field]
        assert said in _wrong(_project(conf))


def test_the_fields_have_the_names_of_things_arguments_too():
    conf = {"endpoint": "e", "client_id": "c", "certificate": "mine.crt", "key": "mine.key", "ca": "ca.pem"}
    found = arguments(_project(conf, mine__crt="1", mine__key="2", ca__pem="3"), {})
    assert [found[name] for name in ("client_id", "certificate", "key", "ca")] == ["c", b"1", b"2", b"3"]
    assert "mine.key: no such file" in _wrong(_project(conf, mine__crt="1", ca__pem="3"))
