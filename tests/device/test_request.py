"""aws_iot.mqtt.request: accepted and rejected are both awaited, tokens tell answers apart, and every wait ends."""

from json import dumps, loads

from peer import Peer
from samples import raises

from aws_iot.errors import LinkError, ProtocolError, Rejected, ResponseTimeout

_TOPIC = "$aws/things/me/x"


def _service(peer, *answers):
    """Answer each request with the next of (accepted or rejected, document, after ms); None: not at all."""
    left = list(answers)

    def take(topic, payload):
        document = loads(payload)
        answer = left.pop(0) if left else None
        if answer:
            name, document_out, delay_ms = answer
            found = dict({"clientToken": document["clientToken"]}, **document_out)
            peer.later(delay_ms, peer.publish, topic + "/" + name, found)

    peer.service = take


def _requests(peer):
    return [loads(payload) for topic, payload, _, _ in peer.published()]


def test_accepted():
    with Peer() as peer:
        client = peer.connected()
        _service(peer, ("accepted", {"x": 1}, 20))
        begin = peer.clock.now
        answer = client.request(_TOPIC, {"y": 2})
        assert answer.pop("clientToken")
        assert answer == {"x": 1}
        assert (peer.clock.now - begin) & 0x3FFFFFFF == 20
        assert peer.filters() == [[_TOPIC + "/accepted", _TOPIC + "/rejected"]]
        assert _requests(peer)[0]["y"] == 2
        assert client.requests == {}


def test_rejected():
    with Peer() as peer:
        client = peer.connected()
        _service(peer, ("rejected", {"code": "InvalidJson", "message": "why"}, 20), ("rejected", {}, 0))
        error = raises(Rejected, client.request, _TOPIC)
        assert (error.code, error.message) == ("InvalidJson", "why")
        assert error.token == _requests(peer)[0]["clientToken"]
        assert raises(Rejected, client.request, _TOPIC).code is None
        assert client.requests == {}


def test_no_answer():
    with Peer() as peer:
        client = peer.connected()
        begin = peer.clock.now
        error = raises(ResponseTimeout, client.request, _TOPIC, {"a": 1}, 3000)
        assert _TOPIC in str(error)
        assert (peer.clock.now - begin) & 0x3FFFFFFF == 3000
        requests = _requests(peer)
        assert len(requests) == 2 and requests[0] == requests[1]  # again at half time: messages may be lost
        assert client.requests == {}
        assert client.connected
        raises(ResponseTimeout, client.request, _TOPIC)
        assert (peer.clock.now - begin) & 0x3FFFFFFF == 13000  # the client's timeout_ms


def test_second_copy_is_answered():
    with Peer() as peer:
        client = peer.connected()
        _service(peer, None, ("accepted", {"x": 1}, 10))
        assert client.request(_TOPIC, {}, 2000)["x"] == 1
        assert len(_requests(peer)) == 2


def test_what_has_a_version_is_sent_once():
    for name in ("version", "expectedVersion"):
        with Peer() as peer:
            client = peer.connected()
            raises(ResponseTimeout, client.request, _TOPIC, {name: 3}, 2000)
            assert len(_requests(peer)) == 1


def test_late_answer_is_nobodys():
    with Peer() as peer:
        client = peer.connected()
        errors = []
        client.on_error(errors.append)
        _service(peer, ("accepted", {"x": 1}, 2500), None, ("accepted", {"x": 2}, 600))
        raises(ResponseTimeout, client.request, _TOPIC, {}, 2000)
        assert client.request(_TOPIC, {}, 2000)["x"] == 2
        assert errors == []


def test_other_tokens_do_not_count():
    with Peer() as peer:
        client = peer.connected()
        errors = []
        client.on_error(errors.append)

        def take(topic, payload):
            for answer in ({"clientToken": "other"}, {}, {"clientToken": None}, {"clientToken": [1]}):
                peer.publish(topic + "/accepted", answer)
                peer.publish(topic + "/rejected", answer)

        peer.service = take
        raises(ResponseTimeout, client.request, _TOPIC, {}, 1000)
        assert client.connected


def test_answers_that_are_no_json_object():
    with Peer() as peer:
        client = peer.connected()
        errors = []
        client.on_error(errors.append)
        peer.service = lambda topic, payload: [
            peer.publish(topic + "/accepted", answer) for answer in (b"[]", b"7", b"x", b"")
        ]
        assert "cannot be read" in str(raises(ProtocolError, client.request, _TOPIC, {}, 1000))
        assert len(errors) == 3  # the third is the request's
        assert client.connected


def test_tokens_differ():
    with Peer() as peer:
        client = peer.connected()
        for _ in range(20):
            raises(ResponseTimeout, client.request, _TOPIC, {}, 2)
        tokens = [document["clientToken"] for document in _requests(peer)]
        assert len(set(tokens)) == 20
        assert max([len(token.encode()) for token in tokens]) <= 64


def test_the_document_is_not_changed():
    with Peer() as peer:
        client = peer.connected()
        document = {"a": 1}
        raises(ResponseTimeout, client.request, _TOPIC, document, 10)
        assert document == {"a": 1}


def test_offline():
    with Peer() as peer:
        client = peer.client()
        peer.failing["tcp"] = OSError(111)
        begin = peer.clock.now
        error = raises(LinkError, client.request, _TOPIC, {}, 5000)
        assert "refused" in str(error)
        assert (peer.clock.now - begin) & 0x3FFFFFFF >= 5000
        peer.failing.clear()
        _service(peer, ("accepted", {}, 0))
        client.request(_TOPIC, {}, 130000)  # waits for the connection


def test_the_link_is_cut_before_the_answer():
    with Peer() as peer:
        client = peer.connected()
        peer.service = lambda topic, payload: peer.close_link()
        raises((ResponseTimeout, LinkError), client.request, _TOPIC, {}, 1500)
        assert client.requests == {}


def test_the_link_comes_back_in_time():
    with Peer() as peer:
        client = peer.connected()
        lost = []

        def take(topic, payload):
            if lost:
                peer.publish(topic + "/accepted", payload)
            else:
                lost.append(1)
                peer.close_link()

        peer.service = take
        assert client.request(_TOPIC, {"a": 1}, 20000)["a"] == 1
        assert peer.connections == 2


def test_no_suback():
    with Peer() as peer:
        client = peer.connected(timeout_ms=2000)
        peer.silent = (0x80,)
        error = raises(ResponseTimeout, client.request, _TOPIC, {})
        assert "SUBACK" in str(error)
        assert peer.published() == []


def test_in_a_callback():
    with Peer() as peer:
        client = peer.connected()
        found = []
        client.subscribe("start", 1, lambda topic, payload: found.append(client.request(_TOPIC, {"a": 1})["b"]))
        client.subscribe("other", 1, lambda topic, payload: found.append(topic))
        peer.publish("start", b"")
        _service(peer, ("accepted", {"b": 2}, 50))
        peer.later(20, peer.publish, "other", b"")
        client.until(lambda: len(found) == 2, 1000)
        assert found == [2, "other"]  # the other callback waits until this one is through


def test_subscribed_once():
    with Peer() as peer:
        client = peer.connected()
        _service(peer, ("accepted", {}, 0), ("accepted", {}, 0))
        client.request(_TOPIC)
        client.request(_TOPIC)
        assert len(peer.filters()) == 1
        assert dumps(_requests(peer)[0]) != dumps(_requests(peer)[1])


def test_late_answer_while_nothing_is_asked():
    with Peer() as peer:
        client = peer.connected()
        errors = []
        client.on_error(errors.append)
        _service(peer, ("accepted", {"x": 1}, 2500), None)
        raises(ResponseTimeout, client.request, _TOPIC, {}, 2000)
        client.until(lambda: False, 1000)
        assert errors == []
