"""hypothesis over reports that cannot go out at once: merged, they leave the shadow that one after the other would."""

import os

from cloud import Cloud, updated
from hypothesis import given, settings
from hypothesis import strategies as st
from peer import Peer

from aws_iot.shadow import Shadow

_EXAMPLES = int(float(os.environ.get("FUZZ_SECONDS", "0")) * 20) or 100  # `make faults` sets it

_keys = st.sampled_from("abc")
_leaves = (
    st.none() | st.integers(0, 3) | st.sampled_from(("", "x")) | st.lists(st.integers(0, 2), max_size=2) | st.booleans()
)
_values = st.recursive(_leaves, lambda below: st.dictionaries(_keys, below, max_size=3), max_leaves=6)
_reports = st.dictionaries(_keys, _values, max_size=3)


def _sound(state):
    """What a shadow can hold: no null, no empty object (AWS does not say when it keeps one)."""
    found = {}
    for key, value in state.items():
        if isinstance(value, dict):
            value = _sound(value)
        if value is not None and value != {}:
            found[key] = value
    return found


@settings(max_examples=_EXAMPLES, deadline=None)
@given(st.lists(_reports, min_size=1, max_size=6), _reports)
def test_merged_is_as_one_after_the_other(reports, before):
    with Peer() as peer:
        cloud = Cloud(peer)
        cloud.reported = expected = _sound(before)
        client = peer.client(window=10)
        shadow = Shadow(client, "me")
        for state in reports:
            shadow.report(state)
            expected = updated(expected, state)
        client.connect()
        client.until(lambda: False, 1000)
        assert _sound(cloud.reported) == _sound(expected)
        assert len(cloud.requests) <= len(reports)


@settings(max_examples=_EXAMPLES, deadline=None)
@given(
    st.lists(st.tuples(_reports, st.sampled_from((0, 0, 1, 300, 2000))), min_size=1, max_size=12), st.integers(1, 4000)
)
def test_also_when_pubacks_are_slow(reports, puback_ms):
    with Peer() as peer:
        cloud = Cloud(peer)
        client = peer.connected(window=2)
        peer.puback_ms = puback_ms
        shadow = Shadow(client, "me")
        expected = {}
        for state, pause_ms in reports:
            shadow.report(state)
            expected = updated(expected, state)
            client.until(lambda: False, pause_ms)
        assert client.until(lambda: not client.kept and shadow.pending is None, 300000)
        assert _sound(cloud.reported) == _sound(expected)
