"""aws_iot.fota.download: what is tried again, after which pause, what ends it, and in which words."""

from samples import raises

import aws_iot.fota.download as downloads
import aws_iot.fota.trial as trial
import aws_iot.fota.verify as verify
from aws_iot.errors import LinkError, ProtocolError, Rejected
from aws_iot.fota.images import Image
from aws_iot.jobs.job import JobError

_HOUR_S = 3600


class _Board:
    """A thing, its client and its slot, as far as a download looks; ``now``: the clock, which goes on by waiting."""

    connected = True
    ready = False
    context = claims = None
    due = now = 0

    def __init__(self):
        self.mqtt = self
        self.data = b""

    def write(self, data):
        self.data += bytes(data)


class _Source:
    """Stands in for servers: one answer a request, each an error, or what comes, one after the other: bytes, or True
    after a wait of ``wait_ms``.
    """

    def __init__(self, board, answers, wait_ms=0):
        self.board, self.answers, self.wait_ms = board, list(answers), wait_ms
        self.asked = []  # when

    def fetch(self, offset):
        self.asked.append(self.board.now)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        for part in answer:
            self.board.now += self.wait_ms
            yield part


def _fetch(size, *answers, wait_ms=0):
    """Download ``size`` bytes; -> board, source, the error that it ended with or None."""
    board, image = _Board(), Image()
    image.size, image.url = size, "https://x/y"
    source = _Source(board, answers, wait_ms)
    saved = downloads.ticks_ms, verify.ticks_ms, downloads.Download._source
    downloads.ticks_ms = verify.ticks_ms = lambda: board.now
    downloads.Download._source = lambda self: source
    try:
        made = downloads.Download(board, board, None, image, {"pause_mqtt": False}, None, lambda *_: None)
        for step in made.fetch(0):
            if step is None:
                board.now += 250
        return board, source, None
    except Exception as error:
        return board, source, error
    finally:
        downloads.ticks_ms, verify.ticks_ms, downloads.Download._source = saved


def test_server_that_is_busy_is_tried_again():
    for code in (408, 429, 500, 502, 503, 504, "InternalError"):
        board, source, error = _fetch(4, Rejected(code, ""), [b"1234"])
        assert board.data == b"1234" and not error and source.asked == [0, 1000], code


def test_what_no_retry_mends_is_not_tried_again():
    for error in (Rejected(404, ""), Rejected(401, ""), Rejected(410, ""), ProtocolError("not HTTP"), OSError(28)):
        _, source, found = _fetch(4, error, [b"1234"])
        assert found is error and len(source.asked) == 1


def test_answers_without_a_byte_are_paused_after_and_given_up():
    for answer in ([], [True], LinkError("cut")):
        _, source, error = _fetch(4, *(20 * [answer]))
        assert isinstance(error, LinkError)
        assert [at // 1000 for at in source.asked] == [0, 1, 3, 7, 15, 31, 63, 95]
        assert trial.reason(error).startswith("download failed: ")


def test_byte_begins_the_count_anew():
    cuts = 7 * [LinkError("cut")]
    board, source, error = _fetch(2, *(cuts + [[b"1"]] + cuts + [[b"2"]]))
    assert board.data == b"12" and not error and len(source.asked) == 16


def test_drip_ends_within_an_hour_and_a_slow_link_does_not():
    size = 20 * _HOUR_S
    board, _, error = _fetch(size, size * [b"x"], wait_ms=14000)
    assert isinstance(error, JobError) and board.now <= 1000 * (_HOUR_S + 14)
    assert "257 bytes came in an hour" in str(error)
    board, _, error = _fetch(size, _HOUR_S * [20 * b"x"], wait_ms=1900)  # ten and a half a second
    assert not error and len(board.data) == size and board.now > 1000 * _HOUR_S


def test_refusals_are_told_in_words():
    for error, words in (
        (Rejected(403, ""), "download refused: 403, the URL has expired, or its role may not read the file"),
        (Rejected(404, ""), "download refused: 404, the server has no such file"),
        (Rejected(418, ""), "download refused: 418"), (Rejected("InvalidRequest", "no"), "InvalidRequest, no"),
        (ProtocolError("too many redirects"), "download failed: too many redirects"), (JobError("why"), "why"),
        (OSError(28), "no space for the image"), (ValueError("x"), "ValueError: x"),
    ):  # fmt: skip
        assert trial.reason(error).endswith(words)


def test_board_that_hears_of_no_url_says_so():
    class Job:
        error = Rejected("RequestThrottled", "slow down")

        def steps(self, name):
            return False
            yield

    class Download:
        job, thing = Job(), _Board()

    Download.thing.ready = True
    assert "cannot be described: " in str(raises(JobError, list, verify.renew(Download)))
