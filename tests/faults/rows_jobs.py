"""Jobs that cannot be digested: each ends with a reason, and the good one behind it runs."""

import json

from tests.harness.broker_jobs import JobQueue

from .row import Row

_GOOD = json.dumps({"operation": "good"})
_LARGEST = 32768  # bytes of a job document; https://docs.aws.amazon.com/general/latest/gr/iot-core.html


def _poison(name, document, status, reason=None, **row):
    """This document comes before the good job; how its own job ends."""
    text = document if isinstance(document, str) else json.dumps(document)
    assert len(text) <= _LARGEST

    async def script(run):
        device = await run.start()
        await device.says("ready")
        queue = run.broker.services[0]
        await device.until(queue.over, "the end of both jobs")
        (found, details), good = queue.ends()
        assert good == ("SUCCEEDED", None), queue.ends()
        assert found in status, queue.ends()
        if reason:
            assert found == "SUCCEEDED" or reason in details["reason"], queue.ends()
        await run.finish()

    return Row(
        f"job {name}", program="jobs", script=script, services=lambda: [JobQueue(text, _GOOD)], connects=1, tells=0,
        within_s=600, growth_bytes=12288,  # the names of what jobs load, and the files of a request under way
        **row,
    )  # fmt: skip


def _growing():
    """Documents of each size come, also those that just fit, and leave no room for anything else."""
    documents = [{"operation": "move", "x": [f"t{at:05}" for at in range(count)]} for count in range(50, 3600, 150)]
    texts = [json.dumps(document, separators=(",", ":")) for document in documents]
    assert _LARGEST - 5000 < len(texts[-1]) <= _LARGEST

    async def script(run):
        device = await run.start()
        await device.says("ready")
        queue = run.broker.services[0]
        await device.until(queue.over, "the end of all jobs")
        *ends, good = queue.ends()
        assert good == ("SUCCEEDED", None) and ends[0] == good, queue.ends()
        for status, details in ends:
            assert status == "SUCCEEDED" or status == "FAILED" and "document" in details["reason"], queue.ends()
        await run.finish()

    return Row(
        "jobs of documents of every size", program="jobs", script=script,
        services=lambda: [JobQueue(*texts, _GOOD)], connects=1, within_s=6000,
        growth_bytes=12288,  # as above, and the ends of the last ones with their reasons
    )  # fmt: skip


def _deep(depth, opening, closing):
    return f'{{"operation": "move", "x": {depth * opening}1{depth * closing}}}'


ROWS = [
    _poison("whose operation is a list", {"operation": ["move"]}, ("REJECTED",), "no operation that is a text"),
    _poison("whose operation is an object", {"operation": {"move": 1}}, ("REJECTED",), "no operation that is a text"),
    _poison("whose step has an object as name", {"steps": [{"action": {"name": {}}}]}, ("REJECTED",), "no operation"),
    _poison("that is a number", "7", ("REJECTED",), "no operation that is a text"),
    _poison("with steps of its own", {"operation": "move", "steps": 200}, ("SUCCEEDED",)),
    _poison("nested 12000 deep", _deep(12000, "[", "]"), ("FAILED", "SUCCEEDED"), "document"),
    _poison("of objects nested 4000 deep", _deep(4000, '{"a":', "}"), ("FAILED", "SUCCEEDED"), "document"),
    _poison("of 32 KB of numbers", json.dumps({"operation": "move", "x": list(range(5500))}), ("FAILED", "SUCCEEDED"),
            "bytes does not fit"),
    _poison("of 32 KB in one text", {"operation": "move", "x": "x" * 32700}, ("FAILED", "SUCCEEDED"),
            "bytes does not fit"),
    _growing(),
    _poison("that raises", {"operation": "raise"}, ("FAILED",), "ValueError: a bug in the application"),
    _poison("with details that AWS refuses", {"operation": "details"}, ("SUCCEEDED",)),
    _poison("with a name that has control characters", {"operation": "a\nb\x7f"}, ("REJECTED",), "operation a b"),
]  # fmt: skip
