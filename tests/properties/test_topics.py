"""hypothesis over topics and filters: builders and matchers are each other's inverse, and filters do what AWS says."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from aws_iot import reserved, wildcards
from aws_iot.topics import check_filter, check_topic

_ALPHABET = "abzAZ019"
_ANSWERS = st.sampled_from(("", "/accepted", "/rejected"))


def _names(extra, longest):
    return st.text(_ALPHABET + extra, min_size=1, max_size=longest)


def _answered(*verbs):
    return st.tuples(st.sampled_from(verbs), _ANSWERS).map("".join)


_none = st.none()
_things = _names(":_-", 128) | st.sampled_from(("shadow", "name", "jobs", "get", "things"))
_forms = st.sampled_from(("json", "cbor"))
_shadow_operations = _answered("get", "update", "delete") | st.sampled_from(("update/delta", "update/documents"))
_list_operations = _answered("get", "start-next") | st.sampled_from(("notify", "notify-next"))
_shadow_names = _names("$:_-", 64) | st.sampled_from(("get", "update", "name", "accepted"))
_job_names = _names("_-", 64) | st.sampled_from(("$next", "get", "notify", "start-next", "accepted"))
_client_ids = st.text(st.characters(exclude_characters="\0+#/$", exclude_categories=["Cs"]), min_size=1, max_size=32)
_levels = st.text(st.characters(exclude_characters="\0+#/", exclude_categories=["Cs"]), max_size=12)
_plain = st.lists(_levels, min_size=1, max_size=8).map("/".join).filter(bool)

_reserved = st.one_of(
    st.tuples(st.just("shadow"), _shadow_operations, _things, _none | _shadow_names, _none),
    st.tuples(
        st.just("jobs"),
        _answered("get", "start-next") | st.sampled_from(("notify", "notify-next")),
        _things,
        _none,
        _none,
    ),
    st.tuples(st.just("jobs"), _answered("get", "update"), _things, _job_names, _none),
    st.tuples(
        st.just("streams"),
        st.sampled_from(("describe", "description", "get", "data", "rejected")),
        _things,
        _names("_-", 100),
        _forms,
    ),
    st.tuples(st.just("defender"), _answered("metrics"), _things, _none, _forms),
    st.tuples(st.just("provisioning"), _answered("create", "create-from-csr"), _none, _none, _forms),
    st.tuples(st.just("provisioning"), _answered("provision"), _none, _names("_-", 36), _forms),
    st.tuples(
        st.just("lifecycle"),
        st.sampled_from(("connected", "disconnected", "subscribed", "unsubscribed")),
        _none,
        _client_ids,
        _none,
    ),
    st.tuples(st.just("basic-ingest"), _none | _plain, _none, _names("_", 128), _none),
)


@given(_reserved)
def test_what_is_built_is_read_back(fields):
    topic = reserved.build(*fields)
    assert reserved.match(topic) == fields
    assert check_topic(topic) == topic.encode()


@given(
    _reserved,
    st.integers(0, 300),
    st.sampled_from(("", "/", "x", "$", "\0", "/x", "+", "#", "A", "name/", "é")),
    st.booleans(),
)
def test_a_changed_topic_is_another_or_none(fields, at, inserted, cut):
    topic = reserved.build(*fields)
    at %= len(topic) + 1
    changed = topic[:at] + inserted + topic[at + cut :]
    found = reserved.match(changed)
    assert found is None or reserved.build(*found) == changed
    if changed != topic:
        assert found != fields


@given(st.text(max_size=60) | st.text("$aws/thingsjobshadownamegetupdate", max_size=80))
def test_any_text(text):
    found = reserved.match(text)
    assert found is None or reserved.build(*found) == text


_filter_levels = st.sampled_from(("a", "b", "", "$aws", "things")) | st.just("+")
_filters = st.tuples(st.lists(_filter_levels, min_size=1, max_size=5), st.booleans()).map(
    lambda parts: "/".join(parts[0] + ["#"] * parts[1])
)
_topics = st.lists(st.sampled_from(("a", "b", "", "$aws", "things", "c")), min_size=1, max_size=6).map("/".join)


def _as_expression(name):
    """AWS's rule as a regular expression: + is one level, # at least one more, neither takes a first $."""
    levels = name.split("/")
    pattern = "/".join({"+": "[^/]*", "#": ".*"}.get(level, re.escape(level)) for level in levels)
    return re.compile(("(?![$])" if levels[0] in ("+", "#") else "") + pattern, re.DOTALL)


@given(_filters.filter(bool), _topics.filter(bool))
@example("a/#", "a")
@example("#", "$aws/x")
@example("+", "")
def test_filters_as_aws_says(name, topic):
    assert check_filter(name) == name
    assert wildcards.match(name, topic) == bool(_as_expression(name).fullmatch(topic))
    assert wildcards.match("$share/group/" + name, topic) == wildcards.match(name, topic)


@given(st.text(max_size=300) | st.text("a/+#", max_size=20))
def test_a_filter_is_taken_or_refused(text):
    levels = text.split("/")
    sound = 0 < len(text.encode("utf-8", "surrogatepass")) <= 256 and text.count("/") <= 7 and "\0" not in text
    for index, level in enumerate(levels):
        sound = sound and ("+" not in level or level == "+")
        sound = sound and ("#" not in level or level == "#" and index + 1 == len(levels))
    sound = sound and not any("\ud800" <= letter <= "\udfff" for letter in text)
    if levels[0] == "$share":
        return  # see tests/device/test_topics.py
    try:
        assert check_filter(text) == text
        assert sound
    except ValueError:
        assert not sound
