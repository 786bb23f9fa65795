"""kill -9 at every step of what the API does (`make test`: at some): after the next start there is all of it, or
nothing; and the store is made anew from what AWS knows."""

import json
import shutil
from pathlib import Path

import pytest
from aws_iot_tools.things.project import SERVED

from ..harness import power

_PARTS = 24
_REQUEST = Path(__file__).with_name("para_request.py")


def _run(thing, *request, step=0) -> dict:
    done = thing.fork([_REQUEST, "demo", *request], step)
    assert done["code"] == (-9 if step else 0), f"step {step}: exit {done['code']}\n{done['stdout']}{done['stderr']}"
    return done


def _there(thing) -> list:
    """The things after a start."""
    return json.loads(_run(thing)["stdout"])


def _assert_whole(thing, project, account, number: int) -> list:
    """So many things, each with its one certificate, its policy, and in the store; and nothing else."""
    things = _there(thing)
    assert len(things) == number
    names = sorted(each["name"] for each in things)
    assert account.thing_names() == names and len(account.certificates()) == number
    assert sorted(account.policies()) == [f"{name}-Policy" for name in names]
    assert [path.name for path in (_folder(project)).iterdir() if path.is_dir()] == []
    return things


def _folder(project) -> Path:
    return project / ".aws_things_resources" / SERVED


@pytest.mark.parametrize("part", power.parts(_PARTS))
def test_a_creation_killed_at_each_step(thing, project, account, part):
    _there(thing)
    number = _run(thing, "create", "lamp")["steps"]
    (made,) = _assert_whole(thing, project, account, 1)
    assert (made["room"], made["deviceState"]) == ("kitchen", {"led": "on"})
    _run(thing, "delete", "lamp")
    for step in range(1 + part, number, _PARTS):  # the last are of what is printed
        _run(thing, "create", "lamp", step=step)
        there = _there(thing)
        _assert_whole(thing, project, account, len(there))
        if there:
            assert (there[0]["room"], there[0]["deviceState"]) == ("kitchen", {"led": "on"})
            _run(thing, "delete", "lamp")
        account.assert_empty()


@pytest.mark.parametrize("part", power.parts(_PARTS))
def test_a_deletion_killed_at_each_step(thing, project, account, part):
    _run(thing, "create", "lamp")
    number = _run(thing, "delete", "lamp")["steps"]
    account.assert_empty()
    for step in range(1 + part, number, _PARTS):
        _run(thing, "create", "lamp")
        _run(thing, "delete", "lamp", step=step)
        for _ in _assert_whole(thing, project, account, len(_there(thing))):
            _run(thing, "delete", "lamp")
        account.assert_empty()


@pytest.mark.parametrize("part", power.parts(_PARTS, 0))
def test_a_batch_killed_at_each_step(thing, project, account, part):
    """All that it makes is there, or nothing; of what it deletes some may be left, whole."""
    _there(thing)
    making, deleting = [_run(thing, do, "fan,lamp")["steps"] for do in ("create", "delete")]
    for step in range(1 + part, making, _PARTS):
        _run(thing, "create", "fan,lamp", step=step)
        there = _there(thing)
        _assert_whole(thing, project, account, len(there))
        assert len(there) in (0, 2)
        if not there:
            _run(thing, "create", "fan,lamp")
        _run(thing, "delete", "fan,lamp")
        account.assert_empty()
    for step in range(1 + part, deleting, _PARTS):
        _run(thing, "create", "fan,lamp")
        _run(thing, "delete", "fan,lamp", step=step)
        for left in _assert_whole(thing, project, account, len(_there(thing))):
            _run(thing, "delete", left["name"])
        account.assert_empty()


@pytest.mark.parametrize("part", power.parts(_PARTS, 0))
def test_a_start_killed_at_each_step(thing, project, account, part):
    """That ends what a kill had left of a creation: the next one ends it."""
    _there(thing)
    half = _run(thing, "create", "lamp")["steps"] * 3 // 4
    _run(thing, "delete", "lamp")
    _run(thing, "create", "lamp", step=half)
    number = _run(thing)["steps"]
    for step in range(1 + part, number, _PARTS):
        _run(thing, "create", "lamp", step=half)
        _run(thing, step=step)
        _assert_whole(thing, project, account, 0)
        account.assert_empty()


@pytest.mark.parametrize("do", ["patch", pytest.param("put", marks=pytest.mark.power)])
@pytest.mark.parametrize("part", power.parts(_PARTS))
def test_a_change_killed_at_each_step(thing, project, account, part, do):
    _run(thing, "create", "lamp")
    number = _run(thing, do, "lamp")["steps"]
    for step in range(1 + part, number, _PARTS):
        _run(thing, "delete", "lamp")
        _run(thing, "create", "lamp")
        _run(thing, do, "lamp", step=step)
        (killed,) = _assert_whole(thing, project, account, 1)
        assert (killed["version"], killed["room"]) in ((1, "kitchen"), (2, "hall"))
        _run(thing, do, "lamp")  # asked again
        (there,) = _there(thing)
        assert (there["room"], there["deviceState"]) == ("hall", {"led": "off"})
        assert there["version"] == killed["version"] + 1


def test_the_store_is_made_anew_from_what_aws_knows(thing, project, account):
    """And what has gone from AWS is not in it; a thing of the project's own or of others never is."""
    for name in ("lamp", "gone"):
        _run(thing, "create", name)
    before = {each["name"]: each for each in _there(thing)}
    account.client("iot").create_thing(thingName="other")
    thing.run("add", "demo")
    thing.run("delete", "gone", "--yes")
    assert [each["name"] for each in _there(thing)] == ["lamp"]
    shutil.rmtree(_folder(project))
    _folder(project).mkdir()
    (there,) = _there(thing)
    kept = ("id", "name", "appid", "deviceState", "type", "serviceBroker", "objectURI")
    assert [there[key] for key in kept] == [before["lamp"][key] for key in kept] and "room" not in there
    _run(thing, "delete", "lamp")
    assert account.thing_names() == ["demo_0", "other"] and len(account.certificates()) == 1


def test_a_store_that_is_damaged_is_told(thing, project):
    _there(thing)
    for path in _folder(project).glob("objects.sqlite*"):  # the log with it, of which the file would be mended
        path.unlink()
    (_folder(project) / "objects.sqlite").write_bytes(b"no database, but long enough to be looked at" * 100)
    said = thing.run("serve", "keys", "new", "demo", code=1).stderr
    assert "is damaged" in said and "move it away" in said and len(said.splitlines()) == 1


def test_cleanup_takes_what_was_made_through_the_api(thing, project, account, proxy):
    thing.run("serve", "keys", "new", "demo")
    for name in ("lamp", "heater"):
        _run(thing, "create", name)
    thing.run("add", "demo")
    assert thing.json("cleanup", "demo", "--dry-run")["served"] == ["heater", "lamp"]
    assert "3 things" in thing.run("cleanup", "demo", "--dry-run").stdout
    thing.environment["AWS_ENDPOINT_URL"] = proxy.url
    proxy.refuse["DeleteCertificate"] = (1, 403, "UnauthorizedException")
    said = thing.run("cleanup", "demo", "--yes", code=1).stderr
    assert "1 not deleted and kept here" in said and "iot:DeleteCertificate" in said
    assert "2 things deleted" in thing.run("cleanup", "demo", "--yes").stdout
    account.assert_empty()
    assert not (project / ".aws_things_resources").exists()
    assert thing.json("serve", "keys", "list", "demo") == []
