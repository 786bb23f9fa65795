"""thing cloud up serves all four doors: what a project needs for each is in its thing.conf.json, but for the word."""

import json
import os
import time

import boto3
from aws_iot_tools.cloud import processes

from ..harness import HANG_S, ROOT
from ..harness.ports import free_port
from ..harness.runtimes import RUNTIMES, Process
from .test_cloud import begin, cloud  # noqa: F401  the fixture

_DOORS = ("mqtt", "wss", "https", "https-sigv4")
_HEAP = "160k"


def _client(cloud, service):  # noqa: F811
    return boto3.client(
        service, endpoint_url=cloud.environment["AWS_ENDPOINT_URL"], region_name="us-east-1",
        aws_access_key_id="test", aws_secret_access_key="test",
    )  # fmt: skip


def _project(cloud):  # noqa: F811
    project = begin(cloud)
    cloud.run("role-alias", "create", "demo")
    cloud.run("policy", "add", "demo", "--https")
    return project


def _configure(project, **fields):
    path = project / "thing.conf.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def _examine(cloud):  # noqa: F811
    """`thing doctor` by each door: all is well."""
    for door in _DOORS:
        said = cloud.json("doctor", "demo", "--door", door)
        assert all(stage["ok"] for stage in said), door
        keys = [stage["text"] for stage in said if stage["stage"] == "keys"]
        assert all(text.startswith("of role alias demo-keys, until 20") for text in keys)


def _until(condition):
    deadline = time.monotonic() + HANG_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _reported(cloud):  # noqa: F811
    return cloud.json("shadow", "get", "demo_0")["state"].get("reported")


def test_doctor_and_a_program_by_each_door(cloud):  # noqa: F811
    """The example runs as it is on 32-bit MicroPython; one word of the configuration differs."""
    project = _project(cloud)
    _examine(cloud)
    example = ROOT / "examples" / "publish_period" / "main.py"
    for number, door in enumerate(_DOORS):
        _configure(project, door=door, poll_ms=200)
        with Process(RUNTIMES["mp32"], example, heap=_HEAP, cwd=project) as device:
            device.expect("print", HANG_S, text="connected False")
            cloud.run("shadow", "set", "demo_0", json.dumps({"publish_period": 1000 + number}))
            _until(lambda wanted=1000 + number: _reported(cloud) == {"publish_period": wanted})


_RIGHTS = ROOT / "tests" / "host" / "programs" / "https_rights.py"


def test_https_with_a_certificate_by_the_policy_that_is_made_for_it(cloud):  # noqa: F811
    """What a board is let in to before, with, and after it; the other thing of its project is never that."""
    project = begin(cloud, 2)
    _configure(project, door="https")
    least = {"update", "named", "listed", "publish"}
    for words, may in (
        (["show"], set()), (["add", "--https"], least), (["add", "--retain"], {*least, "retained", "read"}),
        (["remove", "--https"], set()),
    ):  # fmt: skip
        cloud.run("policy", words[0], "demo", *words[1:])
        with Process(RUNTIMES["mp32"], _RIGHTS, heap=_HEAP, cwd=project) as device:
            own, other = device.expect("own")["calls"], device.expect("other")["calls"]
        assert own == {name: "done" if name in may else 403 for name in own}
        assert set(other.values()) == {403}


def test_the_doors_outlive_kill_9_and_end_with_down(cloud):  # noqa: F811
    """Ports, certificates and the role alias stay; ports that are named are taken."""
    where = cloud.json(*cloud.up)
    _project(cloud)
    folder = cloud.folder / ".aws_local"
    pid = processes.running(folder)
    time.sleep(1)  # what was answered a second ago is on the disk
    os.kill(pid, 9)
    _until(lambda: not any(map(processes.answers, where["ports"].values())))  # the last of its threads has ended, too
    assert cloud.json("cloud", "up") == where
    _examine(cloud)
    other = free_port()
    assert "without this --https-port" in cloud.run("cloud", "up", "--https-port", other, code=1).stderr
    cloud.run("cloud", "down")
    assert not any(map(processes.answers, where["ports"].values()))
    moved = cloud.json("cloud", "up", "--https-port", other)["ports"]
    assert moved == {**where["ports"], "https": other}
    assert "does not answer" in cloud.run("doctor", "demo", "--door", "https", code=1).stdout
    cloud.run("use", "demo", "--endpoint")
    cloud.run("role-alias", "create", "demo")  # the provider's port is that one, too
    _examine(cloud)


def test_what_role_alias_makes_is_gone_after_cleanup(cloud):  # noqa: F811
    """The copy of the role that the local AWS makes for a thing, too."""
    project = _project(cloud)
    assert cloud.json("doctor", "demo", "--door", "wss")[-1]["ok"]
    iam = _client(cloud, "iam")
    assert len(iam.list_roles()["Roles"]) == 2
    cloud.run("cleanup", "demo", "--yes")
    _until(lambda: iam.list_roles()["Roles"] == [])
    assert _client(cloud, "iot").list_role_aliases()["roleAliases"] == []
    left = json.loads((project / "thing.conf.json").read_text())
    assert {"ports", "host", "role_alias", "credentials"}.isdisjoint(left)


def test_ports_must_differ(cloud):  # noqa: F811
    port = free_port()
    assert "need four ports" in cloud.run("cloud", "up", "--port", port, "--https-port", port, code=1).stderr
