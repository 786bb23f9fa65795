"""thing.conf.json, certificate and key, as ``thing flash`` puts them on a board."""

import json

_FIELDS = ("endpoint", "mqttid")


def load(path: str = "thing.conf.json") -> tuple:
    """(endpoint, mqttid, clicert, pkey) from ``path``, certificate.pem.crt and private.pem.key beside it (Zerynth's
    call).

    ValueError names the file, key or field that is missing or broken.
    """
    conf = read(path)
    return conf["endpoint"], conf["mqttid"], conf["certificate"], conf["key"]


def read(path):
    """The configuration as a dict, with the contents of the files under certificate, key and, where given, ca."""
    folder = path[: path.rfind("/") + 1]
    data = _content(path)
    try:
        conf = json.loads(data)
    except ValueError:
        raise ValueError(path + ": not JSON")
    if not isinstance(conf, dict):
        raise ValueError(path + ": not a JSON object")
    for field in _FIELDS:
        value = conf.get(field)
        if not value or not isinstance(value, str):
            raise ValueError("%s: %s is missing" % (path, field))
    conf["certificate"] = _content(folder + "certificate.pem.crt")
    conf["key"] = _content(folder + "private.pem.key")
    if conf.get("cacert"):
        conf["ca"] = _content(folder + conf["cacert"])
    return conf


def arguments(path, options):
    """The arguments of a Thing that ``path`` describes, ``options`` added."""
    conf = read(path)
    found = {
        "endpoint": conf["endpoint"],
        "mqtt_id": conf["mqttid"],
        "clicert": conf["certificate"],
        "pkey": conf["key"],
        "thingname": conf.get("thingname"),
        "cacert": conf.get("ca"),
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
