"""What PyPI would carry, as users install it: by pip, pipx and uv, from the wheel or a checkout, and what it holds.

Nothing is asked of a registry: what the distribution depends on are the wheels that `make setup` installed .venv from.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from aws_iot_tools.dev import distribution
from aws_iot_tools.dev.setup import PACKAGING

from ..harness import ROOT
from ..harness.pages import blocks

_WHEELS = Path(sys.prefix) / "wheels"
_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{16}")


@pytest.fixture
def user(tmp_path):
    """The environment of a user with pipx and uv, whose home is empty."""
    others = ("AWS_", "PIP_", "PYTHON", "THING_", "UV_")
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith(others)},
        "HOME": str(tmp_path),
        "PATH": os.pathsep.join((str(tmp_path / ".local/bin"), str(PACKAGING / "bin"), "/usr/bin", "/bin")),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(_WHEELS),
        "UV_NO_CONFIG": "1",
        "UV_OFFLINE": "1",  # it has no UV_NO_INDEX
        "UV_FIND_LINKS": str(_WHEELS),
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
    }


def _shell(commands: str, environment: dict, folder) -> str:
    done = subprocess.run(
        ["sh", "-c", commands], cwd=folder, env=environment, text=True, timeout=600,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert not done.returncode, f"{commands}\n{done.stdout}"
    return done.stdout


def _assert_installed(environment: dict, folder) -> None:
    """The command starts, in a place that holds the extra, too. What both can do, test_pip has tried."""
    _shell("thing new demo", environment, folder)
    assert (folder / "demo" / "main.py").exists()
    assert list(folder.rglob("site-packages/ministack/__init__.py"))


def test_the_same_commit_gives_the_same_bytes(built, tmp_path):
    umask = os.umask(0o077)
    try:
        again = distribution.build(tmp_path)
    finally:
        os.umask(umask)
    assert [path.name for path in again] == [path.name for path in built]
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in built]


def test_pypi_would_take_it(built):
    distribution.check(*built)


def test_it_holds_no_tests_and_no_key(built):
    sdist, wheel = built
    with tarfile.open(sdist) as archive:
        held = {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}
    with zipfile.ZipFile(wheel) as archive:
        held.update({name: archive.read(name) for name in archive.namelist()})
    assert len(held) > 300
    played = {path.relative_to(ROOT / "tools").as_posix() for path in (ROOT / "tools/board/played").rglob("*.py")}
    assert {f"aws_iot_tools/{name}" for name in played} <= held.keys(), "what MicroPython runs for `thing board`, too"
    assert not [name for name in held if "/tests/" in name or name.endswith((".pem", ".key", ".crt", ".pyc"))]
    assert not [name for name, content in held.items() if _KEY.search(content)]
    key = b"-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIrYS1234567890\n"
    assert _KEY.search(key), "else nothing was looked for"


def test_pip(built, user, tmp_path):
    """First without the local AWS, whose absence is told with the cure; then that cure, beside what is there."""
    venv.create(tmp_path / "env", symlinks=True)
    user["PATH"] = f"{tmp_path / 'env' / 'bin'}{os.pathsep}{user['PATH']}"
    pip = f"{sys.executable} -m pip --python {tmp_path / 'env' / 'bin' / 'python'} install --quiet --no-compile "
    _shell(f"{pip} {built[1]}", user, tmp_path)
    assert "What to do:" in _shell("thing docs troubleshooting no-answer", user, tmp_path), "the pages are in it"
    if sys.version_info < (3, 11):
        with pytest.raises(AssertionError, match=r"the local AWS needs Python 3\.11"):
            _shell("thing cloud up", user, tmp_path)
        return
    with pytest.raises(AssertionError, match=r"micropython-aws-iot\[cloud\]"):
        _shell("thing cloud up", user, tmp_path)
    _shell(f"{pip} '{built[1]}[cloud]'", user, tmp_path)
    # the local AWS, which is the extra, with the boto3 that came with it
    said = _shell("thing cloud up && thing list && thing cloud down", user, tmp_path)
    assert said.endswith("no things\nstopped; its data is kept in .aws_local\n")


def test_uv(built, user, tmp_path):
    _shell(f"uv tool install --quiet '{built[1]}[cloud]'", user, tmp_path)
    _assert_installed(user, tmp_path)


def test_pipx_in_a_checkout_as_the_readme_has_it(user, tmp_path):
    (block,) = blocks("README.md", "sh checkout")
    assert block.text.startswith("pipx install ")
    checkout = tmp_path / "checkout"
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, files.split("\0")):
        if (ROOT / name).exists():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, checkout / name)
    _shell(block.text, user, checkout)
    _assert_installed(user, tmp_path)
