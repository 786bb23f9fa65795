"""thing.conf.json, certificate and key, as ``thing flash`` puts them on a board."""

import json

# The names of Thing's arguments, and Zerynth's for them in the file.
_ZERYNTH = (("client_id", "mqttid"), ("ca", "cacert"))
_FILES = (("certificate", "certificate.pem.crt"), ("key", "private.pem.key"), ("ca", None))  # and where else they are


def load(path: str = "thing.conf.json") -> tuple:
    """(endpoint, client id, certificate, key) from ``path`` and the files beside it: Zerynth's call.

    ValueError names the file, key or field that is missing or broken.
    """
    conf = read(path)
    return conf["endpoint"], conf["client_id"], conf["certificate"], conf["key"]


def read(path: str) -> dict:
    """The configuration as a dict. Under certificate, key and, where given, ca are the contents of the files that are
    named there; unless named, those are certificate.pem.crt and private.pem.key.
    """
    folder = path[: path.rfind("/") + 1]
    data = _content(path)
    try:
        conf = json.loads(data)
    except ValueError:
        raise ValueError(path + ": not JSON")
    if not isinstance(conf, dict):
        raise ValueError(path + ": not a JSON object")
    for name, zerynth in _ZERYNTH:
        conf[name] = conf.get(name) or conf.get(zerynth)
    for field, said in (("endpoint", "endpoint"), ("client_id", "client_id (mqttid)")):
        value = conf.get(field)
        if not value or not isinstance(value, str):
            raise ValueError("%s: %s is missing" % (path, said))
    for name, default in _FILES:
        file = conf.get(name) or default
        if file:
            conf[name] = _content(folder + file)
    return conf


def arguments(path, options):
    """The arguments of a Thing that ``path`` describes, ``options`` added."""
    conf = read(path)
    found = {
        "endpoint": conf["endpoint"],
        "client_id": conf["client_id"],
        "certificate": conf["certificate"],
        "key": conf["key"],
        "thingname": conf.get("thingname"),
        "ca": conf["ca"],
        "port": conf.get("port", 8883),
    }
    found.update(options)
    return found


def _content(path):
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        raise ValueError(path + ": no such file")
    if not data:
        raise ValueError(path + ": empty")
    return data
