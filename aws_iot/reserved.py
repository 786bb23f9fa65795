"""The topics that AWS reserves: built from what they are about, and read back (pure).

Such a topic is (kind, operation, thing, name, form), None for what it has not:

kind          operation                                                   name
shadow        get*, update*, delete*, update/delta, update/documents      shadow name, None for the classic one
jobs          get*, start-next*, notify, notify-next                      None
jobs          get*, update*                                               job id or "$next"
streams       describe, description, get, data, rejected                  stream
defender      metrics*                                                    None
provisioning  create*, create-from-csr*                                   None
provisioning  provision*                                                  template
basic-ingest  the topic behind the rule, or None                          rule
lifecycle     connected, disconnected, subscribed, unsubscribed           client id

``*``: answered on operation/accepted or operation/rejected. ``form`` of streams, defender, provisioning: json or cbor.
https://docs.aws.amazon.com/iot/latest/developerguide/reserved-topics.html
"""

import aws_iot

_RULES = "$aws/rules/"
_NAMES = {  # how long, and which characters besides letters and digits
    "shadow": (64, b"$:_-"),
    "jobs": (64, b"_-"),
    "streams": (128, b"_-"),
    "provisioning": (36, b"_-"),
    "basic-ingest": (128, b"_"),
}


def build(kind, operation, thing=None, name=None, form=None):
    """The topic; ValueError for one that AWS does not know, or would refuse."""
    names = aws_iot.names
    if kind == "basic-ingest" and thing is None and form is None:
        topic = _RULES + _name(names, kind, name) + ("/" + operation if operation else "")
        return str(aws_iot.topics.check_topic(topic), "utf-8")
    given = {"T": thing, "N": name, "F": form}
    for row, verb, levels in _each(names):
        if row == kind and verb == operation and all([(key in levels) == (given[key] is not None) for key in given]):
            if thing is not None:
                names.check_name(thing)
            if name is not None:
                _name(names, kind, name)
            if form not in (None, "json", "cbor"):
                raise ValueError("form: json or cbor")
            return "/".join([given.get(level, level) for level in levels])
    raise ValueError("%s has no topic %s with these arguments" % (kind, operation))


def match(topic):
    """What ``build`` makes ``topic`` (str) from, or None for any other topic."""
    found = _read(topic)
    try:
        return found if found and build(*found) == topic else None
    except ValueError:
        return None


def _read(topic):
    levels = topic.split("/")
    if topic.startswith(_RULES):
        return "basic-ingest", "/".join(levels[3:]) or None, None, levels[2], None
    for kind, operation, wanted in _each(aws_iot.names):
        if len(wanted) == len(levels):
            found = {}
            for level, want in zip(levels, wanted):
                if len(want) == 1:
                    found[want] = level
                elif level != want:
                    break
            else:
                return kind, operation, found.get("T"), found.get("N"), found.get("F")
    return None


def _each(names):
    """Every kind and operation with the levels of its topic: T stands for the thing, N for the name, F for the form."""
    shadow = "get* update* delete* update/delta update/documents"
    for kind, pattern, operations in (
        ("shadow", names.shadow("T") + "/O", shadow),
        ("shadow", names.shadow("T", "N") + "/O", shadow),
        ("jobs", names.jobs("T", "O"), "get* start-next* notify notify-next"),
        ("jobs", names.jobs("T", "N", "O"), "get* update*"),
        ("streams", names.stream("T", "N", "O", "F"), "describe description get data rejected"),
        ("defender", "$aws/things/T/defender/O/F", "metrics*"),
        ("provisioning", "$aws/certificates/O/F", "create* create-from-csr*"),
        ("provisioning", "$aws/provisioning-templates/N/O/F", "provision*"),
        ("lifecycle", "$aws/events/presence/O/N", "connected disconnected"),
        ("lifecycle", "$aws/events/subscriptions/O/N", "subscribed unsubscribed"),
    ):
        for operation in operations.split():
            verb = operation.rstrip("*")
            for answer in ("", "/accepted", "/rejected") if verb != operation else ("",):
                yield kind, verb + answer, (pattern.replace("O", verb) + answer).split("/")


def _name(names, kind, name):
    if kind == "lifecycle":
        aws_iot.topics.check_topic(name)
        if "/" in name or name[0] == "$" or len(name.encode()) > 128:
            raise ValueError("client id: 1 to 128 bytes, no / and no $ in front")
    elif kind != "jobs" or name != "$next":
        names.check_name(name, *_NAMES[kind], what=kind)
    return name
