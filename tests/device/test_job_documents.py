"""aws_iot.jobs: documents that cannot be digested end their job with a reason, and the one behind it runs."""

from json import loads

from job_queue import Queue
from peer import Peer
from samples import raises

import aws_iot.mqtt.answers as answers
from aws_iot import BOARD
from aws_iot.errors import StateError
from aws_iot.jobs import Jobs
from aws_iot.jobs.details import operation, strings, text
from aws_iot.jobs.job import JobError
from aws_iot.mqtt.request import request

_GOOD = {"operation": "move"}


def _work(*documents, packet_bytes=131072, **handlers):
    """The ends of jobs with these documents and of a good one behind them, and the errors that were told."""
    errors = []
    with Peer() as peer:
        client = peer.client(packet_bytes=packet_bytes)
        client.thingname, client.mqtt = "me", client  # a thing as far as Jobs looks
        client.on_error(errors.append)
        queue = Queue(peer, *(documents + (_GOOD,)))
        jobs = Jobs(client)
        handlers.setdefault("move", lambda job: None)
        for name in handlers:
            jobs.handle(name, handlers[name])
        client.connect()
        client.until(queue.over, 200000)
        assert queue.ends()[-1] == ("SUCCEEDED", None), queue.ends()
        return queue.ends()[:-1], [str(error) for error in errors], queue.asked


def test_no_execution_is_no_job():
    # "notify-next" of no job has {"execution": {}}
    for answer in ({}, {"execution": {}}, {"execution": None}):
        with Peer() as peer:
            client = peer.client()
            client.thingname, client.mqtt = "me", client
            Jobs(client).handle("move", lambda job: None)

            def service(topic, payload, peer=peer, answer=answer):
                peer.publish(topic + "/accepted", dict(answer, clientToken=loads(payload)["clientToken"]))

            peer.service = service
            client.connect()
            client.until(lambda: False, 20000)
            assert [entry[0] for entry in peer.published()] == ["$aws/things/me/jobs/$next/get"], answer


def test_operation_that_is_no_text_is_rejected():
    strange = [{"operation": name} for name in (["move"], {"move": 1}, None, 7)] + [{}, [], 1, None]
    steps = [{"steps": [{"action": {"name": name}}]} for name in (["move"], {}, None)] + [{"steps": 200}]
    ends, errors, _ = _work(*(strange + steps))
    assert ends == len(ends) * [("REJECTED", {"reason": "no operation that is a text"})] and not errors


def test_operation_is_what_the_document_calls_so():
    for document in (
        {"operation": "move", "steps": 200}, {"operation": "move", "steps": [1, 2]},
        {"operation": "move", "steps": [{"action": {"name": "other"}}]},
        {"operation": "move", "afr_ota": 5}, {"steps": [{"action": {"name": "move"}}]},
    ):  # fmt: skip
        assert operation(document) == "move"
        assert _work(document)[0] == [("SUCCEEDED", None)]
    assert operation({"operation": ["move"], "afr_ota": {}}) is None
    assert operation({"afr_ota": {}, "steps": []}) == "afr_ota"


def test_document_over_the_memory_fails_by_its_size():
    large = {"operation": "move", "data": 5000 * "x"}
    ends, errors, asked = _work(large, packet_bytes=4096)
    reason = ends[0][1]["reason"]
    assert ends[0][0] == "FAILED" and reason.startswith("document of 5") and reason.endswith(" bytes does not fit")
    assert not errors
    assert asked.count(("get", "1")) == 6  # three times by its own id, with the document and without


def test_document_that_finds_room_later_is_run():
    real, short = answers.loads, [2]

    def fails(data):
        if b"jobDocument" in bytes(data) and b'"1"' in bytes(data) and short[0]:
            short[0] -= 1
            raise MemoryError
        return real(data)

    answers.loads = fails
    try:
        assert _work(_GOOD)[0] == [("SUCCEEDED", None)]
    finally:
        answers.loads = real
    assert not short[0]


def test_document_that_leaves_no_room_for_its_job_is_dropped_for_the_report():
    """One that can be read, and fills the heap: neither the start nor the end of its job can be told beside it."""
    for starts in (False, True):
        with Peer() as peer:
            client = peer.client()
            client.thingname, client.mqtt = "me", client
            queue = Queue(peer, _GOOD, _GOOD)
            jobs = Jobs(client)
            jobs.handle("move", lambda job: None)
            publish = client.publish

            def full(topic, msg, *args, publish=publish, jobs=jobs, starts=starts):
                told = "/jobs/1/update" in topic and bytes(memoryview(msg.getvalue())[: msg.tell()])
                if told and jobs.job.document and not (starts and b"IN_PROGRESS" in told):
                    raise MemoryError
                return publish(topic, msg, *args)

            client.publish = full  # stands in for the heap
            client.connect()
            client.until(queue.over, 200000)
            failed = ("FAILED", {"reason": "no memory for this job beside its document"})
            assert queue.ends() == [("SUCCEEDED", None) if starts else failed, ("SUCCEEDED", None)]
            assert queue.asked.count(("get", "$next")) == (2 if starts else 4)


def test_document_that_nobody_can_read_fails():
    if BOARD:
        return  # MicroPython reads what is nested as deep as the heap goes; the next test is of what it cannot read
    levels = 60000  # 3.13 reads 9,000
    bomb = '{"operation": "move", "x": %s1%s}' % (levels * "[", levels * "]")
    ends, errors, _ = _work(bomb)
    try:
        loads(bomb)
    except RecursionError:
        assert ends[0][0] == "FAILED" and "RecursionError" in ends[0][1]["reason"]
    else:  # Python 3.14 reads it
        assert ends[0][0] == "SUCCEEDED"
    assert not errors


def test_the_next_job_does_not_fail_in_the_place_of_one_that_is_canceled_meanwhile():
    with Peer() as peer:
        client = peer.client(packet_bytes=4096)
        client.thingname, client.mqtt = "me", client
        queue = Queue(peer, {"operation": "move", "data": 5000 * "x"}, _GOOD)
        take = queue.take

        def canceled(topic, payload):
            if len(queue.asked) == 1:  # between the question with the document and that without
                queue.jobs[0][2] = "CANCELED"
            take(topic, payload)

        peer.service = canceled
        jobs = Jobs(client)
        jobs.handle("move", lambda job: None)
        client.connect()
        client.until(queue.over, 200000)
        assert queue.ends() == [("CANCELED", None), ("SUCCEEDED", None)]


def test_details_are_as_aws_takes_them():
    assert strings({"ok_1:-Z": 7, "umlaut": "\u00e9"}) == {"ok_1:-Z": "7", "umlaut": "\u00e9"}
    for details in (
        {"a b": 1}, {"": 1}, {"x": ""}, {"x": "a\nb"}, {"x": "\x7f"}, {"x": "\u0085"}, {"x": 1025 * "v"},
        {129 * "n": 1}, {str(number): number for number in range(11)},
    ):  # fmt: skip
        raises(ValueError, strings, details)
    assert text("x\ny\u0085z\u00e9\x7f") == "x y\u00a0z\u00e9 " and text("") == "-"
    assert "?" in text(loads('"\\ud83d"')) and text("\U0001f600") == "\U0001f600"
    assert len(text(2000 * "\u00e9")) == 1024


def test_details_that_aws_would_refuse_cost_themselves_only():
    def progress(job):
        yield {"a b": 1}
        yield {"step": 2}

    class Mute:
        def __str__(self):
            raise KeyError("no text")

    ends, errors, _ = _work(
        {"operation": "end"}, {"operation": "progress"}, {"operation": "mute"}, {"operation": "raise"},
        end=lambda job: {"long": 2000 * "x"}, progress=progress, mute=lambda job: {"x": Mute()},
    )  # fmt: skip
    assert ends[:3] == 3 * [("SUCCEEDED", None)] and ends[3][0] == "REJECTED"
    assert "job details: long" in errors[0] and "job details name: ' '" in errors[1] and len(errors) == 3


def test_reason_with_control_characters_is_told():
    def work(job):
        raise JobError("line 1\nline 2")

    assert _work({"operation": "work"}, work=work)[0] == [("FAILED", {"reason": "line 1 line 2"})]
    assert _work({"operation": "a\nb"})[0] == [("REJECTED", {"reason": "unknown operation a b"})]


def test_what_the_library_cannot_do_for_a_job_costs_that_job():
    with Peer() as peer:
        client = peer.client()
        client.thingname, client.mqtt = "me", client
        queue = Queue(peer, {"operation": "odd"}, _GOOD)
        jobs = Jobs(client)
        jobs.handlers["odd"] = (None,)  # stands for any fault in the engine: it reads three
        jobs.handle("move", lambda job: None)
        client.connect()
        client.until(queue.over, 200000)
        assert queue.ends()[0][0] == "FAILED" and "IndexError" in queue.ends()[0][1]["reason"]
        assert queue.ends()[1] == ("SUCCEEDED", None)


def test_job_of_a_program_of_zerynth_s_that_cannot_be_read_fails():
    from aws_iot.fota import handle_fota_jobs

    class Slot:
        trial = False
        record = {}  # noqa: RUF012
        version = "1"

    with Peer() as peer:
        client = peer.client(packet_bytes=4096)
        client.thingname, client.mqtt = "me", client
        queue = Queue(peer, {"operation": "move", "data": 5000 * "x"}, _GOOD)
        take, seen = queue.take, []

        def listed(topic, payload):
            if not topic.endswith("jobs/get"):
                return take(topic, payload)
            found = [{"jobId": job[0]} for job in queue.jobs]
            token = loads(payload)["clientToken"]
            return peer.publish(topic + "/accepted", {"clientToken": token, "queuedJobs": found})

        peer.service = listed
        client.connect()
        handle_fota_jobs(Jobs(client), job_cbk=lambda job: seen.append(job.id), slot=Slot())
        assert queue.ends()[0][0] == "FAILED" and seen == ["2"]


def test_request_whose_answer_finds_no_room_ends_at_once():
    with Peer() as peer:
        client = peer.client(packet_bytes=4096)
        client.thingname, client.mqtt = "me", client
        Queue(peer, {"data": 5000 * "x"})
        client.connect()
        begin = peer.clock.now
        error = raises(StateError, request, client, "$aws/things/me/jobs/1/get", {"includeJobDocument": True})
        assert "no room" in str(error) and peer.clock.now - begin < 1000
