"""`make hardware` played from its first line to its last: not in `make test`, for the minute that it takes.

The command on the make-believe board, whose Wi-Fi is that of tests/harness/standins/network.py, against the local AWS.
`make hardware-played` runs it.
"""

import json

from .test_selftest import _OFFLINE, _WIFI, _files, _nothing_left, _states, board, on_the_air  # noqa: F401

_ONLINE = [
    "network", "TLS", "connect", "deltas", "QoS 1 burst", "Wi-Fi off and on", "policy", "reset in mid-job",
    "FOTA undone", "FOTA hung", "FOTA kept", "FOTA by stream",
]  # fmt: skip


def test_a_board_from_end_to_end(thing, account, board, on_the_air):  # noqa: F811
    """Every stage that this board and this cloud can have; then both are as before, and the report tells all."""
    before = _files(board)
    done = thing.run("selftest", "--port", board.port, "--yes", "--trial", 10, "--report", "found", timeout_s=600)
    found = json.loads((thing.folder / "found.json").read_text())
    states = _states(found)
    assert list(states) == [*_OFFLINE, *_ONLINE]
    assert {name for name, state in states.items() if state != "ok"} == {"FOTA hung", "FOTA by stream"}
    assert found["well"] and found["left"] == [] and "local AWS" in found["cloud"]
    figures = {stage["name"]: stage["figures"] for stage in found["stages"]}
    assert figures["network"]["rssi"] == -50
    assert 10_000 < figures["import"]["bytes"] < 16_000 and figures["connect"]["bytes"] > 16_000
    assert figures["lent files"]["files"] > 40 and figures["TLS"]["ms"] > 0
    assert figures["deltas"]["grown_bytes"] < 1024 and figures["deltas"]["p50_ms"] >= 0
    assert figures["Wi-Fi off and on"]["connects"] == 2 and on_the_air.cuts >= 1
    assert "iot:Publish" in figures["policy"]["cause"]
    assert figures["FOTA undone"]["reason"] == "rolled back: not confirmed in 10 s"

    page = (thing.folder / "found.md").read_text()
    assert "All well." in page and all(f"| {name} | {states[name]} |" in page for name in states)
    assert "Go on?" not in done.stdout and "is stopped, /selftest is written" in done.stdout
    secrets = (_WIFI["password"], _WIFI["ssid"], "PRIVATE KEY", account.number, "127.0.0.1")
    assert not any(secret in page + json.dumps(found) for secret in secrets)

    assert _files(board) == before
    assert board.output.count("the user program runs\n") == 2, "when it was switched on, and again at the end"
    _nothing_left(account)
