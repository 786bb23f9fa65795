"""The local AWS loses nothing: what was answered a second before its process is killed is there, under the same CA.

A kill -9 stands in for a cut of the power as well: what was written then is on the disk by fsync (journal.write).
"""

import asyncio
import importlib
import json
import os
import socket
import ssl
import stat
import subprocess
import sys
import time
from types import SimpleNamespace

import boto3
import pytest
from aws_iot_tools.cloud import ministack, processes, saving

from ..harness.ports import free_port
from .test_cloud import cloud, use  # noqa: F401  the fixture

pytestmark = pytest.mark.local_aws


@pytest.fixture
def folder(cloud):  # noqa: F811
    """The data's folder of a running local AWS that the commands use, in surroundings that are none of its business.

    Projects for boards have a logging.py and the like, one that was received even where the data lies: what runs here
    imports none of them. And a proxy, which does not even answer, is not asked for what is on this computer.
    """
    for place in (cloud.folder, cloud.folder / ".aws_local"):
        place.mkdir(exist_ok=True)
        for name in ("logging", "ssl", "uuid", "json"):
            (place / f"{name}.py").write_text("raise SystemExit('the code of a project ran')\n")
    cloud.environment.update(http_proxy="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9", no_proxy="")
    cloud.run(*cloud.up)
    cloud.environment.update(use(cloud))
    return cloud.folder / ".aws_local"


def _kill(folder) -> None:
    pid = processes.running(folder)
    os.kill(pid, 9)
    while processes.alive(pid):
        time.sleep(0.02)


def test_what_a_second_ago_was_answered_outlives_kill_9(cloud, folder):  # noqa: F811
    """A thing by HTTP, its shadow by MQTT, an object of S3; ports and CA are the same; what holds keys is private."""
    where = cloud.json("cloud", "up")
    ca = (folder / "ca.pem").read_bytes()
    cloud.run("new", "demo")
    cloud.run("add", "demo")
    _over_mqtt(cloud.folder / "demo", where["mqtt_port"])
    time.sleep(1)
    _kill(folder)
    said = cloud.run("cloud", "up")
    assert "what changed in its last second may be lost" in said.stderr
    assert cloud.json("cloud", "up") == where and (folder / "ca.pem").read_bytes() == ca
    assert cloud.run("list", "--names").stdout == "demo_0\n"
    assert cloud.json("shadow", "get", "demo_0")["state"]["reported"] == {"led": 1}
    _assert_refused_without_certificate(ca.decode(), where["mqtt_port"])
    assert cloud.run("doctor", "demo").stdout.count("ok ") == 9
    files = [folder, *(path for path in folder.rglob("*") if path.suffix != ".py")]
    assert [path for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077] == []
    cloud.run("cloud", "down")
    assert "may be lost" not in cloud.run("cloud", "up").stderr, "that was a clean end"


def test_an_object_of_s3_keeps_what_belongs_to_it(cloud, folder):  # noqa: F811
    """Type, metadata and tags; what a kill left of another upload is no object, and is gone."""
    s3 = boto3.client("s3", endpoint_url=cloud.environment["AWS_ENDPOINT_URL"], region_name="us-east-1",
                      aws_access_key_id="test", aws_secret_access_key="test")  # fmt: skip
    place = {"Bucket": "firmware", "Key": "lamp/app"}
    s3.create_bucket(Bucket="firmware")
    s3.put_object(
        **place, Body=b"12345", ContentType="text/x-python", Metadata={"version": "2.0.0"}, CacheControl="no-store"
    )
    s3.put_object_tagging(**place, Tagging={"TagSet": [{"Key": "board", "Value": "esp32"}]})

    def found() -> tuple:
        head = s3.head_object(**place)
        kept = {name: head[name] for name in head if name != "ResponseMetadata"}
        return kept, s3.get_object_tagging(**place)["TagSet"], s3.get_object(**place)["Body"].read()

    before = found()
    time.sleep(1)
    _kill(folder)
    written = next((folder / "s3").rglob("app"))
    scratch = _scratch_of_a_killed_write(written)
    cloud.run("cloud", "up")
    assert found() == before and before[0]["Metadata"] == {"version": "2.0.0"}
    assert [each["Key"] for each in s3.list_objects_v2(Bucket="firmware")["Contents"]] == ["lamp/app"]
    assert not scratch.exists()


def _scratch_of_a_killed_write(path):
    """What a process leaves that is killed while it writes an object of S3, as ministack.sync_objects() has it done."""
    program = (
        "import os, sys, aws_iot_tools.journal as journal\n"
        "journal.os.replace = lambda *names: os.kill(os.getpid(), 9)\n"
        "import aws_iot_tools.cloud.ministack as ministack, types\n"
        "s3 = types.SimpleNamespace(DATA_DIR='/nowhere')\n"
        "ministack.module = lambda name: s3\n"
        "ministack.sync_objects()\n"
        "s3._atomic_write(sys.argv[1], b'12')\n"
    )
    before = set(path.parent.iterdir())
    assert subprocess.run([sys.executable, "-c", program, path]).returncode == -9
    (scratch,) = set(path.parent.iterdir()) - before
    return scratch


def _over_mqtt(project, port) -> None:
    from aws_iot_tools.board.probe import Probe

    probe = Probe("localhost", port)
    probe.open()
    config = json.loads((project / "thing.conf.json").read_text())
    probe.secure((project / config["cacert"]).read_text(), project / "certificate.pem.crt", project / "private.pem.key")
    assert probe.connect("demo_0") == 0
    probe.subscribe("$aws/things/demo_0/shadow/update/accepted")
    probe.publish("$aws/things/demo_0/shadow/update", b'{"state":{"reported":{"led":1}}}')
    assert probe.receive()[0].endswith("accepted")
    probe.close()


def _assert_refused_without_certificate(ca, port):
    context = ssl.create_default_context(cadata=ca)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # which tells it in the handshake
    with socket.create_connection(("127.0.0.1", port)) as plain, pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(plain, server_hostname="localhost").read(1)


def test_state_that_cannot_be_read_is_set_aside(cloud, folder):  # noqa: F811
    """Damaged, of a newer version, of a form that MiniStack does not take: each is told, and kept as it was."""
    cloud.run("cloud", "down")
    ca = (folder / "ca.pem").read_bytes()
    wrong = {
        "iot": b'{"__ministack_format__": 3, "payload": {"things": ',
        "s3": b'{"__ministack_format__": 99, "payload": {}}',
        "sts": b'{"__ministack_format__": 2, "payload": {"sessions": 7}}',
    }
    for name, content in wrong.items():
        (folder / f"state/{name}.json").write_bytes(content)
    said = cloud.run("cloud", "up").stderr
    assert "iot is not used, since it is damaged" in said and "s3 is not used, since a newer MiniStack wrote it" in said
    assert cloud.run("list", "--names").stdout == "no things\n"
    cloud.run("cloud", "down")
    for name in ("iot", "s3"):
        assert (folder / f"state/{name}.json.set-aside-1").read_bytes() == wrong[name]
    assert (folder / "ca.pem").read_bytes() == ca


def test_ports_stay_and_only_what_was_started_here_is_ended(cloud, folder):  # noqa: F811
    """After a restart of the computer the number that was noted is another process's: that one goes on."""
    where = cloud.json("cloud", "up")
    assert "without this --port" in cloud.run("cloud", "up", "--port", free_port(), code=1).stderr
    cloud.run("cloud", "down")
    other = cloud.start("shadow", "watch", "nothing")
    (folder / "running.json").write_text(json.dumps({"pid": other.pid, "started": "1", "ready": True}))
    assert cloud.run("cloud", "down").stdout == "it was not running\n"
    assert other.poll() is None
    other.kill()
    other.communicate()
    with socket.create_server(("127.0.0.1", where["mqtt_port"])):
        said = cloud.run("cloud", "up", code=1).stderr
        assert f"port {where['mqtt_port']}, where the local AWS of this folder was, is taken" in said
    assert cloud.json("cloud", "up") == where


def test_saving_takes_a_tenth_of_the_time_at_most(monkeypatch, tmp_path):
    """However much there is to save, and however often it changes."""
    spent = 0.0

    def state():
        nonlocal spent
        start = time.thread_time()
        while time.thread_time() < start + 0.02:
            pass
        spent += time.thread_time() - start

    modules = {
        "app": SimpleNamespace(_build_persistence_save_dict=lambda: {"iot": state}),
        "core.persistence": SimpleNamespace(),
    }
    monkeypatch.setattr(ministack, "module", modules.get)

    async def busy() -> float:
        saver = saving.Saver(tmp_path)
        saver.start()
        start = time.monotonic()
        while time.monotonic() < start + 1.5:
            saver.note()
            await asyncio.sleep(0.01)
        await saver.stop()
        return time.monotonic() - start

    seconds = asyncio.run(busy())
    assert 0.02 < spent < seconds * 0.1


@pytest.mark.parametrize("name", ministack.PRIVATE)
def test_the_names_of_ministack_that_no_page_has_are_there(name):
    module = importlib.import_module(name)
    assert [each for each in ministack.PRIVATE[name] if not hasattr(module, each)] == []
