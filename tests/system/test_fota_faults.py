"""What goes wrong with an update, and what then becomes of board and job; through MiniStack, on each runtime."""

import functools
import itertools
import json
import random
import time

import pytest
from aws_iot_tools.fota import firmware

from tests.harness.observer import Observer
from tests.harness.relay import Relay

from .conftest import ministack_site, mosquitto_site
from .files import Files
from .fota import image
from .jobs_service import MosquittoJobs


@pytest.fixture
def board(boards, ministack, name, tmp_path):
    """Makes the board: board(port=..., **settings)."""
    return lambda port=None, **settings: boards(ministack_site(ministack, port).project(tmp_path, name), **settings)


@pytest.fixture
def files():
    """A server of files, to play what MiniStack's S3 does not. Plain: what comes from it is signed."""
    with Files() as server:
        yield server


def _untouched(device, rollouts, job, reason, versions=("1.0.0",)):
    """The job FAILED with this reason, and the board runs what it ran before, also after a reset."""
    status, details = device.run(lambda: rollouts.outcome(job))
    assert status == "FAILED"
    assert reason in details["reason"]
    assert device.versions() == list(versions)
    device.power_off()
    process = device.boot()
    assert process.expect("boot")["version"] == "1.0.0"


@pytest.mark.parametrize("kind", ["files", "image"])
@pytest.mark.parametrize("place", ["head", "middle", "end"])
def test_corrupted_byte_fails_the_job(board, rollouts, name, application, kind, place):
    good = application() if kind == "files" else image()
    at = {"head": 20, "middle": len(good) // 2, "end": len(good) - 1}[place]
    bad = good[:at] + bytes((good[at] ^ 1,)) + good[at + 1 :]
    document = rollouts.document(good, board="esp32" if kind == "image" else None)
    document["url"] = f"${{aws:iot:s3-presigned-url:{rollouts.put(name, bad)}}}"
    _untouched(board(kind=kind), rollouts, rollouts.job(f"{name}-1", document), "SHA-256 is wrong")


@pytest.mark.runtimes("mp32")
def test_corrupted_byte_anywhere_fails_each_job(board, rollouts, name, application):
    """Twenty jobs one after the other: none of them leaves anything behind that helps or hurts the next."""
    good, chance, jobs, device = application(), random.Random(20), [], board()
    for number in range(20):
        at, bits = chance.randrange(len(good)), chance.randrange(1, 256)
        bad = good[:at] + bytes((good[at] ^ bits,)) + good[at + 1 :]
        url = rollouts.put(f"{name}-{number}", bad)
        jobs.append(rollouts.job(f"{name}-{number}", rollouts.document(good, url=url)))
    device.run(lambda: all(rollouts.outcome(job) for job in reversed(jobs)))
    assert [rollouts.state(job) for job in jobs] == [("FAILED", {"reason": "SHA-256 is wrong"})] * len(jobs)
    whole = rollouts.update(f"{name}-whole", good)
    assert device.run(lambda: rollouts.outcome(whole)) == ("SUCCEEDED", {"version": "2.0.0"})
    assert device.versions() == ["1.0.0", "2.0.0"]


def test_truncated_file_fails_the_job(board, rollouts, name, application):
    good = application()
    document = rollouts.document(good)
    document["url"] = f"${{aws:iot:s3-presigned-url:{rollouts.put(name, good[:-100])}}}"
    _untouched(board(), rollouts, rollouts.job(f"{name}-1", document), "bytes that the job names (Content-Range)")


def test_wrong_or_missing_signature_fails_the_job(board, rollouts, name, application, tmp_path):
    good = application()
    device = board()
    other = firmware.read_key(firmware.new_key(tmp_path / "other.key")[0])
    forged = rollouts.document(good, url=rollouts.put(name, good))
    forged["signature"] = firmware.sign(firmware.Firmware(good, "2.0.0", "files"), other)
    _untouched(device, rollouts, rollouts.job(f"{name}-1", forged), "signature is wrong")
    unsigned = rollouts.document(good, url=rollouts.put(name, good), sign=False)
    job = rollouts.job(f"{name}-2", unsigned)
    assert device.run(lambda: rollouts.outcome(job))[1] == {"reason": "image is not signed"}


def test_signature_of_another_version_of_the_same_image_is_wrong(board, rollouts, name, application):
    good = application("0.9.0")
    document = rollouts.document(good, "0.9.0", url=rollouts.put(name, good))
    document["version"] = "2.0.0"  # an old image, signed once, passed off as a new one
    _untouched(board(), rollouts, rollouts.job(f"{name}-1", document), "signature is wrong")


def test_old_version_is_refused_unless_forced(board, rollouts, name, application):
    device = board()
    for number, version in enumerate(("0.9.9", "1.0.0")):
        job = rollouts.update(f"{name}-{number}", application(version), version)
        assert device.run(lambda job=job: rollouts.outcome(job)) == (
            "FAILED", {"reason": f"version {version} is not newer than 1.0.0"}
        )  # fmt: skip
    job = rollouts.update(f"{name}-forced", application("0.9.9"), "0.9.9", force=True)
    assert device.run(lambda: rollouts.outcome(job)) == ("SUCCEEDED", {"version": "0.9.9"})


def test_image_for_another_board_or_slot_is_refused(board, rollouts, name, application):
    device = board()
    job = rollouts.update(f"{name}-1", application(), board="rp2")
    assert device.run(lambda: rollouts.outcome(job))[1] == {"reason": "image for board rp2, this is esp32"}
    job = rollouts.update(f"{name}-2", image())
    assert device.run(lambda: rollouts.outcome(job))[1] == {"reason": "image of kind image, this board takes files"}
    assert device.versions() == ["1.0.0"]


def test_image_that_the_boot_loader_refuses_fails_the_job(board, rollouts, name):
    bad = bytearray(image())
    bad[30000] ^= 1  # the file's own SHA-256 is right, ESP-IDF's checksum inside is not
    _untouched(board(kind="image"), rollouts, rollouts.update(f"{name}-1", bytes(bad), board="esp32"), "OSError")


@pytest.fixture
def service(mosquitto, name):
    """The Jobs service on Mosquitto: service(document)."""
    with Observer(mosquitto.plain_port, client_id=f"jobs-{name}") as observer:
        yield lambda document: MosquittoJobs(observer, name, f"{name}-1", document)


@pytest.fixture
def plain_board(boards, mosquitto, name, tmp_path):
    """Makes the board, with Mosquitto in place of MiniStack."""
    return functools.partial(boards, mosquitto_site(mosquitto).project(tmp_path, name))


def test_url_that_expires_on_the_way_is_asked_for_again(plain_board, rollouts, application, files, service):
    data = application(more={"data.bin": bytes(200_000)})
    files.content["/firmware"] = data
    files.cuts = [50_000, 50_000]
    document, described = rollouts.document(data), []

    def fresh():
        described.append(f"signature-{len(described)}")
        files.expired = set(described[:-1]) if len(described) > 2 else set()
        return {**document, "url": files.url("/firmware", described[-1])}

    jobs = service(fresh)
    device = plain_board(pause_mqtt=False)
    device.run(lambda: files.requests)
    files.expired = set(described)  # what was handed out so far is too old from now on
    device.run(lambda: jobs.status == "SUCCEEDED")
    paths = [path.split("?")[1] for path, _ in files.requests]
    assert len(set(paths)) > 1
    assert int(files.requests[-1][1][6:-1]) >= 50_000


@pytest.mark.parametrize("queries, requests", [(["old"], 1), ([f"old-{turn}" for turn in range(9)], 4)])
def test_url_that_stays_refused_fails_the_job(
    plain_board, rollouts, application, files, service, queries, requests
):  # fmt: skip
    """Asking again helps only where a fresh URL is made for it."""
    data = application()
    files.content["/firmware"] = data
    files.expired.update(queries)
    urls = itertools.cycle(files.url("/firmware", query) for query in queries)
    jobs = service(lambda: {**rollouts.document(data), "url": next(urls)})
    plain_board().run(lambda: jobs.status == "FAILED")
    assert jobs.details["reason"] == "download refused: 403, the URL has expired, or its role may not read the file"
    assert len(files.requests) == requests


def test_answers_that_are_lost_do_not_run_a_job_twice(plain_board, rollouts, application, files, service):
    data = application()
    files.content["/firmware"] = data
    jobs = service(lambda: {**rollouts.document(data), "url": files.url("/firmware")})
    jobs.lost = 2
    device = plain_board(sleepless=True)
    device.run(lambda: jobs.status == "SUCCEEDED", 240)
    assert device.versions() == ["1.0.0", "2.0.0"]


def test_link_that_is_cut_twenty_times_only_delays(board, rollouts, name, application, ministack):
    data = application(more={"data.bin": bytes(400_000)})
    with Files() as files:
        files.content["/firmware"] = data
        files.cuts = [15_000] * 20
        document = rollouts.document(data)
        document["url"] = files.url("/firmware")
        device = board(sleepless=True)
        job = rollouts.job(f"{name}-1", document)
        assert device.run(lambda: rollouts.outcome(job), 240) == ("SUCCEEDED", {"version": "2.0.0"})
        starts = [int(span[6:-1]) for _, span in files.requests]
        assert len(starts) >= 21
        assert starts == sorted(starts)


def test_mqtt_link_that_is_cut_during_the_download_only_delays(board, rollouts, name, application, ministack):
    data = application(more={"data.bin": bytes(300_000)})
    with Relay(ministack.port) as relay, Files() as files:
        files.content["/firmware"] = data
        files.cuts, files.stall_s = [100_000], 2
        document = rollouts.document(data)
        document["url"] = files.url("/firmware")
        device = board(port=relay.port, pause_mqtt=False)
        job = rollouts.job(f"{name}-1", document)
        device.run(lambda: files.requests)
        relay.cut()
        time.sleep(0.5)
        relay.restore()
        assert device.run(lambda: rollouts.outcome(job), 180) == ("SUCCEEDED", {"version": "2.0.0"})


@pytest.fixture
def canceled(rollouts, name, application, files):
    """Cancels the job while the download stands still for a while: canceled(device, stall_s) -> the job."""

    def cancel(device, stall_s):
        data = application(more={"data.bin": bytes(300_000)})
        files.content["/firmware"] = data
        files.cuts, files.stall_s = [100_000], stall_s
        job = rollouts.job(f"{name}-1", {**rollouts.document(data), "url": files.url("/firmware")})
        device.run(lambda: device.told("progress"))
        rollouts.iot.cancel_job(jobId=job, force=True)
        device.run(lambda: device.told("error"))
        assert device.told("error") == ["canceled"]
        assert device.versions() == ["1.0.0"]
        return job

    return cancel


def test_cancellation_in_the_middle_leaves_the_old_version(board, rollouts, canceled):
    device = board(pause_mqtt=False)
    assert rollouts.state(canceled(device, 60))[0] == "CANCELED"
    assert not any((device.folder / "fota/a").iterdir())


def test_cancellation_while_mqtt_is_closed_is_seen_before_the_switch(board, canceled):
    canceled(board(pause_mqtt=True), 6)


@pytest.mark.parametrize("behaviour", ["raise", "silent", "deaf"])
@pytest.mark.parametrize("kind", ["files", "image"])
def test_new_version_that_is_no_good_is_rolled_back_by_itself(board, rollouts, name, application, behaviour, kind):
    device = board(kind=kind, trial_s=2)
    data = application(behaviour=behaviour) if kind == "files" else image(behaviour=behaviour)
    job = rollouts.update(f"{name}-1", data, board="esp32" if kind == "image" else None)
    status, details = device.run(lambda: rollouts.outcome(job), 180)
    assert status == "FAILED"
    assert details["reason"].startswith("rolled back: ")
    if behaviour == "raise" and kind == "files":
        assert "broken 2.0.0" in details["reason"]
    assert set(device.versions()) == {"1.0.0", "2.0.0"}
    assert device.versions()[-1] == "1.0.0"


@pytest.mark.parametrize("form", ["zerynth", "nordic", "afr"])
def test_job_documents_of_others_are_understood(board, rollouts, name, application, files, form, key):
    import base64
    import hashlib

    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    data = application()
    files.content["/firmware"] = data
    url, sha256 = files.url("/firmware"), hashlib.sha256(data).hexdigest()
    signature = rollouts.document(data)["signature"]
    ours = {"version": "2.0.0", "sha256": sha256, "signature": signature}
    if form == "zerynth":
        document = {
            "operation": "fota", "bc_idx": 1, "bc_crc": hashlib.md5(data).hexdigest(), "bc_size": len(data),
            "bc_url": url, **ours,
        }  # fmt: skip
    elif form == "nordic":
        location = {"protocol": "http:", "host": f"localhost:{files.port}", "path": "firmware"}
        document = {
            "operation": "app_fw_update", "fwversion": "2.0.0", "size": len(data), "location": location, **ours,
        }  # fmt: skip
    else:
        made = firmware.read_key(key).sign(data, ec.ECDSA(hashes.SHA256()))
        file = {
            "filepath": "/firmware.bin", "filesize": len(data), "fileid": 0, "certfile": "/cert.pem", "fileType": 101,
            "auth_scheme": "aws.s3.presigned", "update_data_url": url,
            "sig-sha256-ecdsa": base64.b64encode(made).decode(),
        }  # fmt: skip
        document = {"afr_ota": {"protocols": ["HTTP"], "files": [file]}}
    device = board()
    job = rollouts.job(f"{name}-1", json.loads(json.dumps(document)))
    assert device.run(lambda: rollouts.outcome(job)) == ("SUCCEEDED", {"version": "2.0.0"})
