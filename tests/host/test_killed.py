"""kill -9 at every step of a creation, an activation and a clean-up: the next command finds all that there is.

The steps are real (killed.py): files on the disk, calls to the local AWS, answers that were never read.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from aws_iot_tools import pki

pytestmark = pytest.mark.timeout(900)  # a hundred commands each, on a machine that may be busy
_KILLED = Path(__file__).with_name("killed.py")
_PARTS = 4  # of the steps, side by side


def _run(thing, step, *words) -> str:
    done = subprocess.run(
        [sys.executable, _KILLED, str(step), *words], cwd=thing.folder, env=thing.environment,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == (-9 if step else 0), f"step {step}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def _steps(thing, *words) -> int:
    return int(_run(thing, 0, *words).split()[-1])


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


@pytest.mark.parametrize("part", range(_PARTS))
@pytest.mark.parametrize("key", ["ec", "rsa"])
def test_creation_killed_at_each_step(thing, project, account, key, part):
    words = ["add", "demo", *(["--rsa"] if key == "rsa" else [])]
    clean = thing.folder / "clean"
    shutil.copytree(project, clean)
    steps = _steps(thing, *words)
    assert steps > 25
    thing.run("cleanup", "demo", "--yes")
    for step in range(1 + part, steps + 1, _PARTS):
        shutil.rmtree(project)
        shutil.copytree(clean, project)
        _run(thing, step, *words)
        if step // _PARTS % 2:  # half of them go on, half give up
            thing.run(*words)
            _assert_whole(project, account, len(account.thing_names()))
        thing.run("cleanup", "demo", "--yes")
        account.assert_empty()
        left = [path.name for path in (project / ".aws_things_resources").glob("*")]
        assert left == [], f"step {step}: {left}"


def test_cleanup_killed_at_each_step(thing, project, account):
    clean = thing.folder / "clean"
    shutil.copytree(project, clean)
    thing.run("add", "demo")
    steps = _steps(thing, "cleanup", "demo", "--yes")
    assert steps > 15
    for step in range(1, steps + 1, 2):
        shutil.rmtree(project)
        shutil.copytree(clean, project)
        thing.run("add", "demo")
        _run(thing, step, "cleanup", "demo", "--yes")
        thing.run("cleanup", "demo", "--yes")
        account.assert_empty()


def test_activation_killed_at_each_step(thing, project, account):
    thing.run("add", "demo", "-n", "2")
    whole = {
        name: (project / f".aws_things_resources/{name}/private.pem.key").read_bytes() for name in ("demo_0", "demo_1")
    }
    steps = _steps(thing, "use", "demo", "--thing", "demo_1")
    seen = set()
    for step in range(1, steps + 1):
        thing.run("use", "demo", "--thing", "demo_0")
        _run(thing, step, "use", "demo", "--thing", "demo_1")
        thing.run("cleanup", "demo", "--dry-run")  # any command that opens the project
        pki.check_pair((project / "certificate.pem.crt").read_bytes(), (project / "private.pem.key").read_bytes())
        config = (project / "thing.conf.json").read_text()
        name = "demo_1" if '"thingname": "demo_1"' in config else "demo_0"
        assert (project / "private.pem.key").read_bytes() == whole[name]
        seen.add(name)
    assert seen == {"demo_0", "demo_1"}


def test_single_creation_killed_at_each_step(thing, account):
    for _ in range(2):  # the first also makes the folders above
        steps = _steps(thing, "create", "lamp")
        thing.run("delete", "lamp", "--yes")
    for step in range(1, steps + 1, 3):
        shown = _run(thing, step, "create", "lamp")
        if step % 2 and not shown:
            assert "PRIVATE KEY" in thing.run("create", "lamp").stdout
            assert len(account.certificates()) == 1
            thing.run("delete", "lamp", "--yes")
        else:
            thing.run("delete", "lamp", "--yes", ok=False)  # killed before anything was made: nothing to delete
        account.assert_empty()
