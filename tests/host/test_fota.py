"""thing iot-fota-start and fota-keygen: what is sent, where, and what a board will make of it."""

import base64
import hashlib
import json
import re
import stat
import subprocess
import sys

import pytest
from aws_iot_tools.errors import ToolError
from aws_iot_tools.fota import firmware
from cryptography.hazmat.primitives import serialization

from aws_iot.fota import bundle
from tests.system.fota import image


def _start(thing, cloud, folder, *options, **more):
    return thing.json("iot-fota-start", "lamp", folder, f"firmware-{cloud.number}", "fota", *options, **more)


def _document(cloud, job):
    return json.loads(cloud.client("iot").get_job_document(jobId=job)["document"])


def test_folder_is_compiled_bundled_signed_uploaded_and_a_job_made(thing, cloud, application, tmp_path):
    thing.run("fota-keygen", tmp_path / "firmware.key")
    made = _start(thing, cloud, application, "--sign", tmp_path / "firmware.key", "--duration", 600)
    document = _document(cloud, made["job"])
    data = cloud.client("s3").get_object(Bucket=f"firmware-{cloud.number}", Key=made["job"])["Body"].read()
    assert (document["version"], document["kind"], document["size"]) == ("1.2.0", "files", len(data))
    assert document["sha256"] == hashlib.sha256(data).hexdigest() == made["sha256"]
    head = data.split(b"\n\n", 1)[0].decode().splitlines()
    assert head[:2] == ["aws_iot bundle 1", "version 1.2.0"]
    assert [line.split()[2] for line in head[2:]] == ["app.mpy", "data/table.json", "helpers.mpy"]
    assert b"secret" not in data
    assert document["url"] == (
        f"${{aws:iot:s3-presigned-url:https://s3.us-east-1.amazonaws.com/firmware-{cloud.number}/{made['job']}}}"
    )
    job = cloud.client("iot").describe_job(jobId=made["job"])["job"]
    assert job["presignedUrlConfig"]["expiresInSec"] == 600
    assert job["targets"] == [made["target"]]
    _verified_by_the_board(document, tmp_path / "firmware.key.pub")


def _verified_by_the_board(document, public):
    """The library's own verification takes the signature, and not that of another version."""
    program = (
        "import sys, json, base64, hashlib\n"
        "from aws_iot.fota.signature import verify\n"
        "from aws_iot.fota.public_key import read\n"
        "from aws_iot.fota.images import statement\n"
        "d, key = json.loads(sys.argv[1]), open(sys.argv[2]).read()\n"
        "for version in (d['version'], '9.9.9'):\n"
        "    text = statement(version, d.get('board'), d['size'], d['sha256']).encode()\n"
        "    work = verify(read(key), hashlib.sha256(text).digest(), base64.b64decode(d['signature']))\n"
        "    try:\n        while True: next(work)\n    except StopIteration as end:\n        print(end.value)\n"
    )
    from tests.harness.runtimes import RUNTIMES

    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(document), str(public)], capture_output=True, text=True,
        env=RUNTIMES["cpython"].environment(),
    )  # fmt: skip
    assert done.stdout.split() == ["True", "False"], done.stderr


def test_stream_is_made_of_what_was_uploaded(thing, cloud, application, proxy):
    """MiniStack lacks CreateStream: the proxy answers it, and all else is MiniStack's; botocore checks what is sent."""
    streams = []

    def create_stream(body):
        streams.append(json.loads(body))
        return {"streamVersion": 1}

    proxy.answers["CreateStream"] = create_stream
    proxy.answers["DescribeStream"] = lambda body: {"streamInfo": {}}
    thing.environment["AWS_ENDPOINT_URL"] = proxy.url
    made = _start(thing, cloud, application, "--stream")
    bucket = f"firmware-{cloud.number}"
    assert streams == [
        {
            "files": [{"fileId": 0, "s3Location": {"bucket": bucket, "key": made["job"]}}],
            "roleArn": f"arn:aws:iam::{cloud.number}:role/fota",
        }
    ]
    assert proxy.count("CreateStream") == 1
    document = _document(cloud, made["job"])
    data = cloud.client("s3").get_object(Bucket=bucket, Key=made["job"])["Body"].read()
    assert (document["stream"], document["file"], document["size"]) == (made["job"], 0, len(data))
    assert "url" not in document and hashlib.sha256(data).hexdigest() == document["sha256"]
    assert not cloud.client("iot").describe_job(jobId=made["job"])["job"].get("presignedUrlConfig")


def test_stream_that_aws_refuses_starts_no_job(thing, cloud, application, proxy):
    proxy.refuse["CreateStream"] = (1, 400, "InvalidRequestException")
    proxy.answers["DescribeStream"] = lambda body: {"streamInfo": {}}
    thing.environment["AWS_ENDPOINT_URL"] = proxy.url
    words = ("iot-fota-start", "lamp", application, f"firmware-{cloud.number}", "fota", "--stream")
    assert "CreateStream: played: InvalidRequestException" in thing.run(*words, code=1).stderr
    assert cloud.client("iot").list_jobs()["jobs"] == []


def test_duration_out_of_range_is_refused_with_the_reason(thing, application):
    for seconds in (59, 3601, 0):
        done = thing.run("iot-fota-start", "lamp", application, "b", "r", "--duration", seconds, code=2)
        assert f"{seconds} s: a presigned URL lives 60 to 3600 s" in " ".join(done.stderr.split())


def test_what_is_missing_is_named(thing, cloud, application, tmp_path):
    bucket = f"firmware-{cloud.number}"
    nobody = json.dumps({"Version": "2012-10-17", "Statement": []})
    cloud.client("iam").create_role(RoleName="deaf", AssumeRolePolicyDocument=nobody)
    for words, text in (
        (("nobody", application, bucket, "fota"), "there is no thing nobody"),
        (("lamp", application, bucket, "none"), "there is no IAM role none"),
        (("lamp", application, bucket, "deaf"), "does not let AWS IoT take it"),
        (("lamp", application, f"no-{bucket}", "fota"), "there is no bucket"),
        (("crowd", application, bucket, "fota", "--group"), "there is no thing group crowd"),
    ):
        assert text in thing.run("iot-fota-start", *words, code=1).stderr


def test_what_no_board_could_fetch_is_refused_before_the_upload(thing, cloud, application):
    """A bucket of another region (S3 refuses the URL), and streams in the local AWS, which has none."""
    s3 = cloud.client("s3")
    elsewhere = f"elsewhere-{cloud.number}"
    s3.create_bucket(Bucket=elsewhere, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    bucket = f"firmware-{cloud.number}"
    for words, text in (
        ((elsewhere, "fota"), "is in the region eu-west-1, the things are in us-east-1"),
        ((bucket, "fota", "--stream"), "the local AWS has no streams: leave out --stream"),
        (("s3://BIG", "fota"), "no bucket"),
    ):
        assert text in thing.run("fota", "lamp", application, *words, code=1).stderr
    assert [s3.list_objects_v2(Bucket=each).get("Contents") for each in (bucket, elsewhere)] == [None, None]


def test_the_bucket_may_be_written_as_an_address(thing, cloud, application):
    made = thing.json("fota", "lamp", application, f"s3://firmware-{cloud.number}/for/lamps/", "fota")
    (found,) = cloud.client("s3").list_objects_v2(Bucket=f"firmware-{cloud.number}")["Contents"]
    assert found["Key"] == f"for/lamps/{made['job']}" and found["Key"] in _document(cloud, made["job"])["url"]


def test_group_is_updated(thing, cloud, application):
    cloud.client("iot").create_thing_group(thingGroupName="crowd")
    cloud.client("iot").add_thing_to_thing_group(thingGroupName="crowd", thingName="lamp")
    made = thing.json("iot-fota-start", "crowd", application, f"firmware-{cloud.number}", "fota", "--group")
    assert ":thinggroup/crowd" in made["target"]


def test_image_needs_a_version_and_its_own_digest(tmp_path):
    path = tmp_path / "firmware.app-bin"
    path.write_bytes(image())
    with pytest.raises(ToolError, match="--version"):
        firmware.load(path)
    made = firmware.load(path, "2.0.0")
    assert (made.kind, made.board, made.version) == ("image", "esp32", "2.0.0")
    path.write_bytes(b"#!/bin/sh\n" * 10)
    with pytest.raises(ToolError, match="neither a folder"):
        firmware.load(path, "2.0.0")


_BOARD = {"platform": "esp32", "machine": "Generic ESP32S3 module with ESP32S3", "free": 70_000}


@pytest.mark.parametrize(
    "chip, free, board, words",
    [
        (9, 0, None, None),  # an image goes into a partition, whatever the file system has free
        (0, 70_000, None, "this image is for ESP32, lamp is ESP32S3"),
        (9, 70_000, "rp2", "this is for boards of the kind rp2, lamp is esp32"),
        (77, 70_000, None, None),  # a chip that nobody knows yet
    ],
)
def test_image_for_another_chip_or_board_is_refused(tmp_path, chip, free, board, words):
    data = bytearray(image())
    data[12:14] = chip.to_bytes(2, "little")
    (tmp_path / "firmware.app-bin").write_bytes(data)
    made = firmware.load(tmp_path / "firmware.app-bin", "2.0.0", board)
    if words is None:
        firmware.check_board(made, "lamp", {**_BOARD, "free": free})
        return
    with pytest.raises(ToolError, match=re.escape(words)):
        firmware.check_board(made, "lamp", {**_BOARD, "free": free})


def test_what_the_flashed_board_cannot_take_is_told_before_the_job(thing, project, cloud, board):
    """What `flash` saw of the board is noted with its thing."""
    thing.run("add", "demo")
    thing.run("flash", "demo", "--port", board.port, "--no-wait")
    (project / "app.py").write_text('VERSION = "1.2.0"\n')
    words = ["iot-fota-start", "demo_0", "demo", f"firmware-{cloud.number}", "fota"]
    said = thing.run(*words, "--board", "esp32", code=1).stderr
    assert "this is for boards of the kind esp32, demo_0 is linux" in said
    record = project / ".aws_things_resources/demo_0/journal.json"
    noted = json.loads(record.read_text())
    assert noted["board"]["free"] > 0 and noted["done"]
    record.write_text(json.dumps({**noted, "board": {**noted["board"], "free": 100}}))
    assert "demo_0 had 100 free when it was flashed" in thing.run(*words, code=1).stderr
    assert cloud.client("iot").list_jobs()["jobs"] == []
    record.write_text(json.dumps(noted))
    thing.run(*words)


def test_folder_without_version_or_application_is_refused(application):
    (application / "app.py").write_text("x = 1\n")
    with pytest.raises(ToolError, match="does not tell its version"):
        firmware.load(application)
    for name in ("app.py", "helpers.py", "data/table.json"):
        (application / name).unlink()
    with pytest.raises(ToolError, match="holds no application"):
        firmware.load(application, "1.0.0")


def test_private_key_is_never_sent(application):
    (application / "data" / "x.pem").write_text("-----BEGIN EC PRIVATE KEY-----\n")
    with pytest.raises(ToolError, match="holds a private key"):
        firmware.load(application)


def test_private_key_in_der_form_and_links_out_of_the_folder_are_never_sent(application, tmp_path):
    key = firmware.read_key(firmware.new_key(tmp_path / "k")[0])
    form = serialization.PrivateFormat
    (application / "data" / "cert.der").write_bytes(b"0\x03\x02\x01\x01")  # begins as a key does
    firmware.load(application)
    for kind, password in (
        (form.PKCS8, serialization.NoEncryption()), (form.TraditionalOpenSSL, serialization.NoEncryption()),
        (form.PKCS8, serialization.BestAvailableEncryption(b"secret")),
    ):  # fmt: skip
        (application / "data" / "x.der").write_bytes(key.private_bytes(serialization.Encoding.DER, kind, password))
        with pytest.raises(ToolError, match=r"x.der holds a private key"):
            firmware.load(application)
    (application / "data" / "x.der").unlink()
    (tmp_path / "credentials").write_text("secret")
    (application / "data" / "link").symlink_to(tmp_path / "credentials")
    with pytest.raises(ToolError, match="is a link out of the project"):
        firmware.load(application)


def test_bundle_without_what_main_starts_is_refused(application, tmp_path):
    made = firmware.load(application)
    (tmp_path / "bundle").write_bytes(made.data)
    (application / "main.py").write_text('from aws_iot.boot import run\n\nrun("other")\n')
    with pytest.raises(ToolError, match=r"there is no other.py, which main.py starts"):
        firmware.load(application)
    assert firmware.load(application, module="app").data == made.data
    (application / "other").mkdir()
    (application / "other" / "__init__.py").write_text("")
    firmware.load(application)
    assert firmware.load(tmp_path / "bundle").version == "1.2.0"
    with pytest.raises(ToolError, match=r"no other.py"):
        firmware.load(tmp_path / "bundle", module="other")


def test_version_that_boards_would_not_take_is_refused(application, tmp_path):
    with pytest.raises(ToolError, match=r"says VERSION = '1.2.0', not 1.3"):
        firmware.load(application, "1.3")
    assert firmware.load(application, "v1.2").version == "v1.2"
    for version in ("1.0k", "nightly", "1.0-2", "1 0"):
        (application / "app.py").write_text(f'VERSION = "{version}"\n')
        with pytest.raises(ToolError, match="neither before nor after"):
            firmware.load(application)
    with pytest.raises(ToolError, match="version or board with a blank"):
        firmware.load(*_image(tmp_path))


def _image(folder):
    path = folder / "firmware.app-bin"
    path.write_bytes(image())
    return path, "2.0.0", "my board"


def test_name_that_boards_would_not_take_is_refused(application):
    assert firmware._DEEPEST == bundle._DEPTH
    deep = application.joinpath(*"abcdefgh")
    deep.mkdir(parents=True)
    (deep / "x.bin").write_bytes(b"")
    with pytest.raises(ToolError, match="at most 128 characters, 7 folders deep"):
        firmware.load(application)


def test_force_and_counter_are_signed(thing, cloud, application, tmp_path):
    key = firmware.read_key(firmware.new_key(tmp_path / "k")[0])
    made = _start(thing, cloud, application, "--sign", tmp_path / "k", "--force", "--counter", 3)
    document = _document(cloud, made["job"])
    assert (document["force"], document["counter"]) == (True, 3)
    assert document["signature"] == firmware.sign(firmware.load(application), key, True, 3)
    assert "pass --sign" in thing.run("iot-fota-start", "lamp", application, "b", "r", "--counter", 3, code=2).stderr


def test_syntax_error_is_told(application):
    (application / "app.py").write_text('VERSION = "1"\ndef broken(:\n')
    with pytest.raises(ToolError, match="mpy-cross: "):
        firmware.load(application)


def test_bundle_is_taken_as_it_is(tmp_path, application):
    path = tmp_path / "firmware.bundle"
    path.write_bytes(firmware.load(application, board="esp32").data)
    made = firmware.load(path)
    assert (made.version, made.board, made.kind) == ("1.2.0", "esp32", "files")
    with pytest.raises(ToolError, match="not 3"):
        firmware.load(path, "3")


def test_keys_are_private_and_never_replaced(thing, tmp_path):
    thing.run("fota-keygen", tmp_path / "k")
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600
    assert "-----BEGIN PUBLIC KEY-----" in (tmp_path / "k.pub").read_text()
    before = (tmp_path / "k").read_bytes()
    assert "is not replaced" in thing.run("fota-keygen", tmp_path / "k", code=1).stderr
    assert (tmp_path / "k").read_bytes() == before
    public = (tmp_path / "k.pub").read_text()
    (tmp_path / "k.pub").unlink()  # as when the call was ended between the two
    thing.run("fota-keygen", tmp_path / "k")
    assert (tmp_path / "k").read_bytes() == before and (tmp_path / "k.pub").read_text() == public
    (tmp_path / "rubbish").write_text("rubbish")
    with pytest.raises(ToolError, match="no private key"):
        firmware.read_key(tmp_path / "rubbish")


def test_signing_is_reproducible(tmp_path):
    key = firmware.read_key(firmware.new_key(tmp_path / "k")[0])
    made = firmware.Firmware(b"x" * 100, "1.0.0", "files")
    assert firmware.sign(made, key) == firmware.sign(made, key)
    assert len(base64.b64decode(firmware.sign(made, key))) < 73


@pytest.mark.parametrize("name", ["app.py", "data/table.json"])
def test_text_as_windows_writes_it(application, name):
    """Its mark goes; another encoding than UTF-8 is told with the file. What is no code and no JSON goes as it is."""
    path, plain = application / name, firmware.load(application).data
    text = path.read_text()
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert firmware.load(application).data == plain
    for encoding in ("latin-1", "utf-16"):
        path.write_bytes(text.replace("hello", "grüß").replace("1, 2", '"grüß"').encode(encoding))
        with pytest.raises(ToolError, match=rf"{name} is no UTF-8 text .*: save it as UTF-8"):
            firmware.load(application, "1.2.0")
    path.write_text(text)
    page = b"\xef\xbb\xbf" + "grüß".encode("latin-1")
    (application / "data/page.html").write_bytes(page)
    assert page in firmware.load(application).data
