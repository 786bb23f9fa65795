"""docs/loops.md: a program with a poll loop of its own, as it stands there, waits for the socket and for its input.

Its wait of a second becomes an hour: what it hears must wake it. Its turns are counted: it must not spin.
"""

import pytest

from tests.harness.observer import Observer
from tests.harness.pages import blocks
from tests.harness.relay import Relay
from tests.harness.runtimes import Process

from .conftest import mosquitto_site

_TURNS = 400  # connecting takes one each 50 ms: of these at most 20 s


@pytest.fixture
def program(tmp_path):
    (block,) = blocks("docs/loops.md", "python")
    text = block.text
    changes = (
        ("poller.poll(1000 if", "poller.poll(3600000 if"),
        ("while True:\n", "turns = 0\nwhile True:\n    turns += 1\n"),
        ("sys.stdin.readline().strip()", 'sys.stdin.readline().strip() + " %d" % turns'),
    )
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "loop.py"
    path.write_text(text)
    return path


def _hears(process, text: str) -> None:
    process.expect_that(lambda event: event.get("text") == f"heard: {text}", 60, f"heard: {text}")


def test_a_poll_loop_of_its_own(mosquitto_tls12, program, runtime, name, tmp_path):
    site = mosquitto_site(mosquitto_tls12)
    with (
        Relay(site.port) as relay,
        Observer(mosquitto_tls12.plain_port, f"chat/{name}/out", client_id=name + "-o") as observer,
    ):
        site.port = relay.port
        configuration = site.project(tmp_path, name)
        with Process(runtime, program, heap="256k", cwd=configuration.parent) as process:

            def types(text: str) -> int:
                """The program's turns so far, as told with what it publishes when this is typed."""
                process.send(text)
                while True:
                    said, turns = observer.expect(f"chat/{name}/out", 60).payload.decode().split()
                    if said == text:  # not what was sent again after the cut
                        return int(turns)

            begin = types("first")  # typed before there is a connection
            for number in range(20):
                observer.publish(f"chat/{name}/in", f"{number}", qos=1)
            for number in range(20):
                _hears(process, str(number))
            observer.publish(f"chat/{name}/in", "x" * 20000, qos=1)  # two TLS records, and more than a buffer
            _hears(process, "x" * 20000)
            assert types("second") - begin < _TURNS
            relay.cut()
            relay.restore()
            types("third")
            observer.publish(f"chat/{name}/in", "again", qos=1)
            _hears(process, "again")
