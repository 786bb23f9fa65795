"""kill -9 at every step of a creation, an activation and a clean-up (`make test`: at every fourth): the next command
finds all that there is.

The steps are real (forks.py): files on the disk, calls to the local AWS, answers that were never read.
"""

import shutil

import pytest
from aws_iot_tools import pki

from tests.harness import power

_PARTS = 4  # of the steps, side by side: less for each test to do in its time


def _count(thing, *words) -> int:
    """Run to the end and return how many steps that took."""
    done = thing.fork(words)
    assert done["code"] == 0, done["stderr"]
    return done["steps"]


def _kill(thing, step, *words) -> str:
    """Kill it at the step and return what it had printed."""
    done = thing.fork(words, step)
    assert done["code"] == -9, f"step {step}: exit {done['code']}\n{done['stdout']}{done['stderr']}"
    return done["stdout"]


def _assert_whole(project, account, number: int) -> None:
    """So many things, each with the one certificate that fits its key, attached and active; and one of them in use."""
    iot = account.client("iot")
    names = [f"demo_{index}" for index in range(number)]
    assert account.thing_names() == names and len(account.certificates()) == number
    for name in names:
        folder = project / ".aws_things_resources" / name
        assert (folder / "private.pem.key").stat().st_mode & 0o777 == 0o600
        pki.check_pair((folder / "certificate.pem.crt").read_bytes(), (folder / "private.pem.key").read_bytes())
        (arn,) = iot.list_thing_principals(thingName=name)["principals"]
        described = iot.describe_certificate(certificateId=arn.rpartition("/")[2])["certificateDescription"]
        assert described["status"] == "ACTIVE"
        assert described["certificatePem"] == (folder / "certificate.pem.crt").read_text()
        assert iot.list_attached_policies(target=arn)["policies"]
    pki.check_pair((project / "certificate.pem.crt").read_bytes(), (project / "private.pem.key").read_bytes())


@pytest.mark.parametrize("part", power.parts(_PARTS))
def test_creation_killed_at_each_step(thing, project, account, part):
    words = ["add", "demo"]
    clean = project.with_name("clean")
    shutil.copytree(project, clean)
    number = _count(thing, *words)
    assert number > 25
    thing.run("cleanup", "demo", "--yes")
    for step in range(1 + part, number + 1, _PARTS):
        shutil.rmtree(project)
        shutil.copytree(clean, project)
        _kill(thing, step, *words)
        if step // _PARTS % 2:  # half of them go on, half give up
            thing.run(*words)
            _assert_whole(project, account, len(account.thing_names()))
        thing.run("cleanup", "demo", "--yes")
        account.assert_empty()
        left = [path.name for path in (project / ".aws_things_resources").glob("*")]
        assert left == [], f"step {step}: {left}"


@pytest.mark.parametrize("part", power.parts(_PARTS))
def test_cleanup_killed_at_each_step(thing, project, account, part):
    clean = project.with_name("clean")
    shutil.copytree(project, clean)
    thing.run("add", "demo")
    number = _count(thing, "cleanup", "demo", "--yes")
    assert number > 15
    for step in range(1 + part, number + 1, _PARTS):
        shutil.rmtree(project)
        shutil.copytree(clean, project)
        thing.run("add", "demo")
        _kill(thing, step, "cleanup", "demo", "--yes")
        thing.run("cleanup", "demo", "--yes")
        account.assert_empty()


def test_activation_killed_at_each_step(thing, project):
    thing.run("add", "demo", "-n", "2")
    whole = {
        name: (project / f".aws_things_resources/{name}/private.pem.key").read_bytes() for name in ("demo_0", "demo_1")
    }
    seen = set()
    for step in range(1, 1 + _count(thing, "use", "demo", "--thing", "demo_1")):
        thing.run("use", "demo", "--thing", "demo_0")
        _kill(thing, step, "use", "demo", "--thing", "demo_1")
        thing.run("cleanup", "demo", "--dry-run")  # any command that opens the project
        pki.check_pair((project / "certificate.pem.crt").read_bytes(), (project / "private.pem.key").read_bytes())
        config = (project / "thing.conf.json").read_text()
        name = "demo_1" if '"thingname": "demo_1"' in config else "demo_0"
        assert (project / "private.pem.key").read_bytes() == whole[name]
        seen.add(name)
    assert seen == {"demo_0", "demo_1"}


def test_single_creation_killed_at_each_step(thing, account):
    for _ in range(2):  # the first also makes the folders above
        number = _count(thing, "create", "lamp")
        thing.run("delete", "lamp", "--yes")
    for step in range(1, number + 1):
        shown = _kill(thing, step, "create", "lamp")
        if step % 2 and not shown:
            assert "PRIVATE KEY" in thing.run("create", "lamp").stdout
            assert len(account.certificates()) == 1
            thing.run("delete", "lamp", "--yes")
        else:
            thing.run("delete", "lamp", "--yes", ok=False)  # killed before anything was made: nothing to delete
        account.assert_empty()
