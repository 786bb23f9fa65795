"""thing.conf.json, certificate and key, as ``thing flash`` puts them on a board."""

import json

import aws_iot

from . import names

# The names of Thing's arguments, and Zerynth's for them in the file.
_ZERYNTH = (("client_id", "mqttid"), ("ca", "cacert"))
_FILES = (("certificate", "certificate.pem.crt"), ("key", "private.pem.key"), ("ca", None))  # and where else they are


def load(path: str = "thing.conf.json") -> tuple:
    """(endpoint, client id, certificate, key) from ``path`` and the files beside it: Zerynth's call.

    ValueError names the file, key or field that is missing or broken.
    """
    conf = read(path)
    return conf["endpoint"], conf["client_id"], conf["certificate"], conf["key"]


def read(path: str, options=()) -> dict:
    """The configuration as a dict, its fields checked. Under certificate, key and, where given, ca are the contents of
    the files that are named there; unless named, those are certificate.pem.crt and private.pem.key, which a door by
    keys needs only to fetch them. What is in ``options`` is not read.
    """
    folder = path[: path.rfind("/") + 1]
    conf = _json(path)
    try:
        for name, zerynth in _ZERYNTH:
            conf[name] = _one(conf, name, zerynth)
        _check(conf)
    except ValueError as error:
        raise ValueError("%s: %s" % (path, error))
    shown = conf["door"] == "mqtt" or aws_iot.web.door.configured(conf)
    for name, default in _FILES:
        file = conf.get(name) or (default if shown else None)
        if file and name not in options:
            conf[name] = _content(folder + file)
    return conf


def arguments(path, options):
    """The arguments of a Thing that ``path`` describes, ``options`` added."""
    conf = read(path, options)
    fields = "endpoint", "client_id", "certificate", "key", "thingname", "ca", "port", "door"
    found = {name: conf.get(name) for name in fields}
    if found["door"] != "mqtt":
        aws_iot.web.door.configured(conf, found)
    found.update(options)
    return found


def _json(path):
    data = _content(path)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ValueError(path + ": UTF-16: save it as UTF-8")
    try:
        # some editors of Windows put a BOM in front
        conf = json.loads(data[3:] if data.startswith(b"\xef\xbb\xbf") else data)
    except ValueError:
        raise ValueError(path + ": it is not JSON")
    if not isinstance(conf, dict):
        raise ValueError(path + ": not a JSON object")
    return conf


def _one(conf, name, zerynth):
    """The value under either name: null is none, both must say the same."""
    value, other = conf.get(name), conf.get(zerynth)
    if None not in (value, other) and value != other:
        raise ValueError("%s and %s are two names of one field, and differ" % (name, zerynth))
    return other if value is None else value


def _check(conf):
    for name, said in (("endpoint", "endpoint"), ("client_id", "client_id (mqttid)")):
        if conf.get(name) is None:
            raise ValueError(said + " is missing")
    names.endpoint(conf["endpoint"])
    for name in ("client_id", "certificate", "key", "ca"):
        value = conf.get(name)
        if value is not None and (not isinstance(value, str) or not 0 < len(value.encode()) <= 128):
            raise ValueError("%s: a text of 1 to 128 bytes, not %r" % (name, value))
    if conf.get("thingname") is not None:
        names.check_name(conf["thingname"])
    if conf.get("door") is None:
        conf["door"] = "mqtt"
    # one text: MicroPython keeps each short one for ever
    if conf["door"] != "mqtt" or [1 for name in conf if name in "role_alias credentials"]:
        aws_iot.web.door.configured(conf)
    if conf["door"] != "mqtt":
        conf["port"] = aws_iot.web.door.port(conf["door"], conf)
    elif conf.get("port") is None:
        conf["port"] = 8883
    names.port(conf["port"])


def _content(path):
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        raise ValueError(path + ": no such file")
    if not data:
        raise ValueError(path + ": it is empty")
    return data
