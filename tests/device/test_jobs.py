"""aws_iot.jobs: what AWS does not take, and two that want the jobs of one thing; the rest is in tests/system."""

from json import loads

from jobs_cloud import JobsService
from peer import Peer
from samples import NoMemoryFor, bundle, esp32, folder, raises, write

import aws_iot
from aws_iot.boot_trial import choose
from aws_iot.errors import LinkError, Rejected, ResponseTimeout
from aws_iot.fota.slots import FileSlot
from aws_iot.jobs import Jobs
from aws_iot.jobs.job import Job, JobError


def _thing(peer):
    """A client that is a thing as far as Jobs looks."""
    client = peer.client()
    client.thingname = "me"
    client.mqtt = client
    return client


def _run(*refuse):
    """The ends that were reported of a job whose end is refused so often, and the errors that were told."""
    errors = []
    with Peer() as peer:
        client = _thing(peer)
        service = JobsService(peer, *refuse)
        jobs = Jobs(client)
        jobs.handle("work", lambda job: {"a": 1})
        client.on_error(errors.append)
        client.connect()
        client.until(lambda: service.status == "SUCCEEDED" and jobs.job is None, 200000)
        assert service.status == "SUCCEEDED" and jobs.job is None
    return [update for update in service.updates if update[0] != "IN_PROGRESS"], [error.code for error in errors]


def test_end_is_reported_again_when_aws_is_busy():
    end = ("SUCCEEDED", {"a": "1"})
    assert _run() == ([end], [])
    assert _run("RequestThrottled", "InternalError") == ([end, end, end], [])


def test_details_that_aws_refuses_are_left_out():
    assert _run("InvalidRequest") == ([("SUCCEEDED", {"a": "1"}), ("SUCCEEDED", None)], [])


def test_end_that_aws_does_not_take_is_told_and_tried_now_and_then():
    ends, codes = _run("InvalidRequest", "InvalidRequest", "InvalidRequest")
    assert ends == [("SUCCEEDED", {"a": "1"})] + 3 * [("SUCCEEDED", None)]
    assert codes == ["InvalidRequest", "InvalidRequest"]


def test_firmware_takes_the_jobs_that_are_there():
    from aws_iot.fota import Fota

    with Peer() as peer:
        client = _thing(peer)
        jobs = Jobs(client)
        Fota(client, FileSlot("1", folder("taken")))
        assert "fota" in jobs.handlers


def test_trial_that_takes_too_long_ends_on_a_full_flash_too():
    from aws_iot.fota import Fota

    resets = []

    class Slot:
        version = "2"
        trial = True
        record = {"job": {"id": "1", "version": "2", "from": "1", "force": False}}  # noqa: RUF012

        def undo(self, why):
            raise OSError(28)

        def reset(self):
            resets.append(1)

    with Peer() as peer:
        fota = Fota(_thing(peer), Slot(), False, trial_s=-1)
        raises(OSError, fota.watch)
        assert resets == [1]


def _tried(boots, **job):
    """The slot of a board on which version 2 of job 1 was started so often, and its folder."""
    root = folder("tried")
    slot = FileSlot("1", root)
    data = bundle("2", {"app.py": b"VERSION = 2\n"})
    slot.begin("2", len(data))
    write(slot, data)
    record = {"id": "1", "version": "2", "from": "1", "force": False}
    record.update(job)
    slot.activate(job=record)
    for _ in range(boots):
        choose(root, 3)
    return root


def _ends(root, version, number=1):
    """The ends that are reported by two starts of a board, after the first of which none has arrived."""
    from aws_iot.fota import Fota

    ends = []
    for start in range(2):
        with Peer() as peer:
            client = _thing(peer)
            service = JobsService(peer, status="IN_PROGRESS")
            sha256 = "00" * 32
            service.document = {"operation": "fota", "version": "2", "size": 64, "sha256": sha256, "url": "https://x/y"}
            service.number, service.lost = number, 1 - start
            jobs = Jobs(client, 2000)
            fota = Fota(client, FileSlot(version, root), jobs)
            fota.confirm()
            client.connect()
            client.until(lambda service=service: service.updates, 60000)
            ends += service.updates
    return ends


def test_end_of_an_update_is_known_until_aws_has_taken_it():
    assert _ends(_tried(1, number=1), "2") == 2 * [("SUCCEEDED", {"version": "2"})]
    assert _ends(_tried(4, number=1), "1") == 2 * [("FAILED", {"reason": "rolled back: not confirmed in 3 boots"})]
    assert _ends(_tried(1), "2") == 2 * [("SUCCEEDED", {"version": "2"})]  # of an older library


def test_retry_of_a_job_is_not_answered_by_what_became_of_the_first():
    root = _tried(4, number=1)
    status, details = _ends(root, "2", 2)[0]
    assert (status, details) == ("FAILED", {"reason": "version 2 is not newer than 2"})


def test_record_of_an_update_is_cleared_by_the_next():
    root = _tried(1)
    slot = FileSlot("2", root)
    slot.confirm(confirmed="1")
    slot.activate(job={"id": "2"})
    assert "confirmed" not in slot.record and slot.record["job"] == {"id": "2"}


def test_zerynths_call_tells_an_end_again_that_got_no_answer():
    from aws_iot.fota import handle_fota_jobs

    root = _tried(1, number=1)
    with Peer() as peer:
        client = _thing(peer)
        service = JobsService(peer, status="IN_PROGRESS")
        service.document, service.lost = {"operation": "fota"}, 1

        def take(topic, payload):
            if not topic.endswith("jobs/get"):
                return service.take(topic, payload)
            answer = {"clientToken": loads(payload)["clientToken"], "inProgressJobs": [{"jobId": "1"}]}
            return peer.publish(topic + "/accepted", answer)

        peer.service = take
        jobs = Jobs(client, 2000)
        client.connect()
        raises(ResponseTimeout, lambda: handle_fota_jobs(jobs, slot=FileSlot("2", root)))
        assert handle_fota_jobs(jobs, slot=FileSlot("2", root))
        assert service.updates == 2 * [("SUCCEEDED", {"version": "2"})]


def _ctrl_c(*_):
    raise KeyboardInterrupt


def test_zerynths_call_asks_when_something_changed():
    from aws_iot.fota import handle_fota_jobs

    class Slot:
        version = "1"
        trial = False
        record = {}  # noqa: RUF012

    with Peer() as peer:
        client = _thing(peer)
        jobs = Jobs(client, timeout_ms=1000)
        client.connect()
        peer.service = None
        raises(ResponseTimeout, lambda: handle_fota_jobs(jobs, slot=Slot()))  # it is not done
        request, client.request = client.request, _ctrl_c
        raises(KeyboardInterrupt, lambda: handle_fota_jobs(jobs, slot=Slot()))
        client.request = request
        asked = []
        peer.service = lambda topic, payload: (
            asked.append(topic)
            or peer.publish(
                topic + "/accepted",
                {"clientToken": loads(payload)["clientToken"], "inProgressJobs": [], "queuedJobs": []},
            )
        )
        for _ in range(3):
            assert handle_fota_jobs(jobs, slot=Slot()) is False
        assert len(asked) == 1
        handle_fota_jobs(jobs, True, slot=Slot())
        assert len(asked) == 2


def _refused(slot, **changes):
    """What is told of an image that the slot does not take."""
    from aws_iot.fota import Fota
    from aws_iot.fota.download import Download

    document = {"operation": "fota", "version": "2", "size": 9600, "sha256": "00" * 32, "url": "https://x/y"}
    document.update(changes)
    Download._source = lambda self: None
    with Peer() as peer:
        client = _thing(peer)
        client.on_error(lambda error: None)
        job = Job(client, "1")
        job.document = document
        return str(raises(JobError, list, Fota(client, slot, False).install(job)))


def test_refusal_is_told_by_its_own_reason():
    board = esp32("refused", 4)
    from aws_iot.fota.partition import PartitionSlot

    def partition():
        return PartitionSlot("1", board.Flash.folder + "/fota", "esp32")

    class Worn(FileSlot):
        def discard(self):
            raise OSError(5)

    assert _refused(partition(), version="1") == "version 1 is not newer than 1"
    assert _refused(partition(), board="rp2") == "image for board rp2, this is esp32"
    assert _refused(partition(), kind="files") == "image of kind files, this board takes image"
    assert _refused(partition(), size=4 * 4096 + 1) == "no space for the image"
    assert _refused(Worn("1", folder("worn")), version="1") == "version 1 is not newer than 1"


def test_version_of_the_program_may_be_a_number():
    from aws_iot.fota import Fota
    from aws_iot.fota.trial import switch

    told = []

    class Told(Job):
        def steps(self, name, details):
            told.append(details)
            yield None
            return True

    with Peer() as peer:
        client = _thing(peer)
        client.connect()
        fota = Fota(client, FileSlot(2, folder("number")), False, auto_reset=False)
        work = switch(fota, Told(client, "1"), {"version": "3"})
        for _ in range(2):
            next(work)
    assert told[0]["updatedBy"] == "0x2000000"


def test_next_job_waits_for_the_end_of_a_trial():
    from aws_iot.fota import Fota

    root = _tried(1)
    with Peer() as peer:
        client = _thing(peer)
        job = Job(client, "2")
        job.document = {"operation": "fota", "version": "1", "size": 64, "sha256": "00" * 32, "url": "https://x/y"}
        fota = Fota(client, FileSlot(None, root), False)
        work = fota.install(job)
        for _ in range(3):
            assert next(work) is None
        fota.confirm()
        assert str(raises(JobError, next, work)) == "version 1 is not newer than 2"
        # one that is cancelled meanwhile leaves the trial alone
        slot = FileSlot(None, _tried(1))
        work = Fota(client, slot, False).install(job)
        next(work)
        work.close()
        assert choose(slot.root, 3)[1]


def test_download_goes_on_after_a_lack_of_memory():
    class Slot:
        claims = {}  # noqa: RUF012
        data = b""
        begun = 0

        def begin(self, name, size):
            self.begun += 1
            return len(self.data)

        def write(self, data):
            self.data += bytes(data[:10])
            if len(self.data) == 50 and not self.begun:
                raise MemoryError  # with half of the piece taken
            self.data += bytes(data[10:])

    class Source:
        def fetch(self, offset):
            for at in range(offset, 100, 20):
                yield content[at : at + 20]

    content = bytes(range(100))
    download = _download(Slot(), Source())
    for _ in download.fetch(0):
        pass
    assert download.slot.data == content and download.slot.begun == 1


def _download(slot, source, stream=None):
    """A Download of 100 bytes."""
    from aws_iot.fota.download import Download
    from aws_iot.fota.images import Image

    class Thing:
        class mqtt:  # noqa: N801
            connected = ready = True

    download = object.__new__(Download)
    download.thing, download.slot, download.source = Thing, slot, source
    download.image, download.options, download.claimed = Image(), {"pause_mqtt": False}, False
    download.image.name, download.image.size, download.image.stream = "image", 100, stream
    download.emit = lambda event, value: None
    return download


def _downloaded(*plan, stream=None, fresh=True):
    """How many bytes came, the pauses, the fresh URLs, and the code of what ended it.

    ``plan``: what each request brings: a code of refusal, or so many bytes and then the end of the connection.
    """
    import aws_iot.fota.download

    class Slot:
        claims = {}  # noqa: RUF012

        def write(self, data):
            pass

    class Source:
        url = "https://old"

        def fetch(self, offset):
            answer = left.pop(0) if left else 100
            if isinstance(answer, str) or answer > 100:
                raise Rejected(answer, "no")
            yield bytes(min(answer, 100 - offset))
            if offset + answer < 100:
                raise LinkError("cut")

    class Verify:
        @staticmethod
        def sleep(duration_ms):
            pauses.append(duration_ms)
            yield None

        @staticmethod
        def renew(download):
            urls.append(1)
            yield None
            return "https://fresh/%d" % len(urls) if fresh else "https://old"

    left, pauses, urls, code = list(plan), [], [], None
    download = _download(Slot(), Source(), stream)
    real = aws_iot.fota.verify
    aws_iot.fota.verify = Verify
    try:
        for _ in download.fetch(0):
            pass
    except Rejected as error:
        code = error.code
    finally:
        aws_iot.fota.verify = real
    return download.have, pauses, len(urls), code


def test_download_goes_on_when_the_server_was_busy():
    assert _downloaded(500, 50, 503, 429) == (100, [1000, 1000, 2000, 4000], 0, None)
    assert _downloaded("InternalError", stream="s") == (100, [1000], 0, None)
    assert _downloaded(*9 * [503]) == (0, [1000, 2000, 4000, 8000, 16000, 32000, 32000], 0, 503)


def test_fresh_urls_that_bring_bytes_may_expire_any_number_of_times():
    assert _downloaded(*6 * (10, 403)) == (100, 6 * [1000], 6, None)
    assert _downloaded(10, 503, 10, 403, 503) == (100, [1000, 2000, 1000, 2000], 1, None)


def test_download_that_is_refused_has_failed():
    assert _downloaded(50, 404) == (50, [1000], 0, 404)
    assert _downloaded(10, "ResourceNotFound", stream="s") == (10, [1000], 0, "ResourceNotFound")
    assert _downloaded(50, 403, 403, 403, 403) == (50, [1000], 3, 403)
    assert _downloaded(50, 403, fresh=False) == (50, [1000], 1, 403)  # a URL that is not made anew


def test_handler_that_raises_is_told_by_its_text():
    with Peer() as peer:
        client = _thing(peer)
        service = JobsService(peer)
        jobs = Jobs(client)

        def work(job):
            raise JobError("no room")

        jobs.handle("work", work)
        client.connect()
        client.until(lambda: service.status == "FAILED", 60000)
        assert service.updates[-1] == ("FAILED", {"reason": "no room"})


_BROKEN = ("FAILED", {"reason": "interrupted by Ctrl-C or a lack of memory"})


def _broken(function, handler=True):
    """The job's reports when the program goes on after Ctrl-C; without ``handler``, ``function`` takes requests."""
    with Peer() as peer:
        client = _thing(peer)
        service = JobsService(peer)
        jobs = Jobs(client)
        jobs.handle("work", function if handler else lambda job: None)
        if not handler:
            peer.service = lambda *message: function() or service.take(*message)
        client.connect()
        interrupts = 0
        while interrupts < 9:
            try:
                client.until(lambda: jobs.done, 60000)
                break
            except KeyboardInterrupt:
                interrupts += 1
        assert interrupts == 1
        return service.updates


def test_job_that_ctrl_c_interrupts_has_failed():
    def call(job):
        raise KeyboardInterrupt

    def generator(job):
        yield None
        raise KeyboardInterrupt

    for handler in (call, generator):
        assert _broken(handler) == [("IN_PROGRESS", None), _BROKEN]


def test_ctrl_c_while_a_job_is_asked_for_costs_no_job():
    pressed = []

    def press():
        if not pressed:
            pressed.append(1)
            raise KeyboardInterrupt

    assert _broken(press, False) == [("IN_PROGRESS", None), ("SUCCEEDED", None)]


def test_end_of_a_job_is_told_although_memory_is_short():
    import aws_iot.jobs

    def good(job):
        yield None

    def bad(job):
        yield None
        raise ValueError

    for handler, end in ((good, ("SUCCEEDED", None)), (bad, _BROKEN)):
        with Peer() as peer:
            client = _thing(peer)
            service = JobsService(peer)
            jobs = Jobs(client)
            jobs.handle("work", handler)
            client.connect()
            client.until(lambda jobs=jobs: jobs.work, 60000)
            with NoMemoryFor(aws_iot.jobs, "engine") as short:
                client.until(lambda jobs=jobs: jobs.done, 60000)
            assert not short.left and service.updates == [("IN_PROGRESS", None), end]


def _noticed(begun=None, status="QUEUED", cancel=()):
    """Whether a job ends that the cloud ends while its handler runs; ``begun(client, service)``: it does."""

    def work(job):
        while True:
            yield None

    with Peer() as peer:
        client = _thing(peer)
        service = JobsService(peer, status=status)
        service.cancel = cancel
        jobs = Jobs(client, 1000)
        jobs.handle("work", work, work)
        client.connect()
        client.until(lambda: jobs.work, 60000)
        if begun:
            begun(client, service)
        return client.until(lambda: not jobs.work, 60000)


def test_cancellation_that_comes_behind_an_answer_is_noticed():
    assert _noticed(cancel=("update",))  # behind that to IN_PROGRESS
    assert _noticed(status="IN_PROGRESS", cancel=("get",))  # to the question for a job that goes on


def test_cancellation_is_looked_for_again_when_the_question_failed():
    def throttled(client, service):
        service.busy = 2
        service.end("CANCELED")

    def interrupted(client, service):
        service.end("CANCELED")
        with NoMemoryFor(aws_iot.jobs, "execution", error=KeyboardInterrupt):
            raises(KeyboardInterrupt, client.until, lambda: False, 60000)

    assert _noticed(throttled)
    assert _noticed(interrupted)


def _ends_although(begin, end):
    """Whether a job ends well that wants to know whether it is cancelled, between ``begin(service)`` and ``end()``."""
    with Peer() as peer:
        client = _thing(peer)
        service = JobsService(peer)
        jobs = Jobs(client)

        def work(job):
            begin(service)
            jobs.notified()
            for _ in range(9):
                yield None
            end()

        jobs.handle("work", work)
        client.connect()
        client.until(lambda: service.status == "SUCCEEDED", 60000)
        return service.status == "SUCCEEDED"


def test_a_job_goes_on_while_there_is_no_looking_after_it():
    """A download takes the memory that the question needs; or AWS has no time for it."""
    short = NoMemoryFor(aws_iot.jobs, "engine", 1000)
    assert _ends_although(lambda service: short.__enter__(), short.__exit__)

    def throttled(service):
        service.busy = 1000

    assert _ends_although(throttled, lambda: None)


def test_poll_does_not_wait_for_aws():
    with Peer() as peer:
        client = _thing(peer)
        service = JobsService(peer)
        steps = []

        def work(job):
            for step in range(3):
                steps.append(step)
                yield {"step": step}

        Jobs(client).handle("work", work)
        client.connect()
        take, delayed = service.take, []
        peer.service = lambda *message: delayed.append(message)
        for _ in range(200):
            begin = peer.clock.now
            client.poll(0)
            assert peer.clock.now == begin
            if delayed and _ % 5 == 4:
                take(*delayed.pop(0))
        assert steps == [0, 1, 2] and service.status == "SUCCEEDED"
