"""Fixtures of the host tools' tests: the command `thing` as a user runs it, in an account of its own."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from ..harness.board import Board
from .proxy import Proxy

_THING = Path(sys.executable).with_name("thing")
REGION = "us-east-1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "iot.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


class Account:
    """An AWS account of the local AWS: its access key is its number, so that tests do not see each other's things."""

    def __init__(self, ministack, home: Path) -> None:
        self.number = f"{random.randrange(10**11, 10**12)}"
        self.url = ministack.url
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "THING_"))},
            "AWS_ENDPOINT_URL": ministack.url,
            "AWS_ACCESS_KEY_ID": self.number,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_MAX_ATTEMPTS": "3",
            "IOT_MTLS_PORT": str(ministack.port),
            "HOME": str(home),
            "XDG_STATE_HOME": str(home / "state"),
            "COLUMNS": "100",
        }

    def client(self, service: str, number: str | None = None, region: str = REGION):
        return boto3.client(
            service, region_name=region, endpoint_url=self.url,
            aws_access_key_id=number or self.number, aws_secret_access_key="test",
        )  # fmt: skip

    def thing_names(self) -> list:
        return sorted(thing["thingName"] for thing in self.client("iot").list_things()["things"])

    def certificates(self) -> list:
        return self.client("iot").list_certificates(pageSize=250)["certificates"]

    def policies(self) -> list:
        return [policy["policyName"] for policy in self.client("iot").list_policies()["policies"]]

    def assert_empty(self) -> None:
        """Nothing is left in the account that the tools make."""
        assert (self.thing_names(), self.certificates(), self.policies()) == ([], [], [])


class Forks:
    """Runs commands, see forks.py; one for all tests of a worker."""

    def __init__(self) -> None:
        self._process = None

    def run(self, **command) -> dict:
        if not self._process:
            self._process = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("forks.py")], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        try:
            print(json.dumps(command), file=self._process.stdin, flush=True)
            return json.loads(self._process.stdout.readline())
        except BaseException:  # the test's time is up: the answer, still to come, would be taken for the next one's
            self._process.kill()
            self.close()
            raise

    def close(self) -> None:
        if self._process:
            self._process.communicate()
            self._process = None


class Runner:
    """Runs `thing` in a folder: run("add", ".") -> CompletedProcess; json("list") -> its document."""

    def __init__(self, account: Account, folder: Path, forks: Forks) -> None:
        self.account, self.folder = account, folder
        self.environment = dict(account.environment)
        self._forks = forks

    def fork(self, words, step=0, typed=None, timeout_s=180, full=False, bound=False) -> dict:
        """See forks.py."""
        return self._forks.run(
            words=list(map(str, words)), cwd=str(self.folder), environment=self.environment, typed=typed or "",
            timeout_s=timeout_s, step=step, full=full, bound=bound,
        )  # fmt: skip

    def run(self, *words, ok=True, code=None, **options) -> subprocess.CompletedProcess:
        """ok: the exit code must be 0; code: it must be this one."""
        done = self.fork(words, **options)
        wanted = code if code is not None else 0 if ok else None
        if wanted is not None:
            assert done["code"] == wanted, f"{words}: exit {done['code']}\n{done['stdout']}\n{done['stderr']}"
        return subprocess.CompletedProcess(words, done["code"], done["stdout"], done["stderr"])

    def json(self, *words, **options):
        return json.loads(self.run("--json", *words, **options).stdout)

    def start(self, *words) -> subprocess.Popen:
        return subprocess.Popen(
            [_THING, *map(str, words)], cwd=self.folder, env=self.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip


@pytest.fixture
def board(tmp_path):
    """A make-believe board with nothing on it."""
    with Board(tmp_path / "flash") as running:
        yield running


@pytest.fixture
def account(ministack, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return Account(ministack, home)


@pytest.fixture(scope="session")
def forks():
    running = Forks()
    yield running
    running.close()


@pytest.fixture
def thing(account, tmp_path, forks):
    """The command in an empty folder and an empty account."""
    folder = tmp_path / "work"
    folder.mkdir()
    return Runner(account, folder, forks)


@pytest.fixture
def project(thing):
    """A new project, `demo`, in thing.folder."""
    thing.run("new", "demo")
    return thing.folder / "demo"


@pytest.fixture
def proxy(ministack):
    """A proxy before the local AWS that delays, refuses and records calls; see Proxy."""
    with Proxy(ministack.url) as running:
        yield running


@pytest.fixture
def cloud(account):
    """An account with a bucket, a role and a thing."""
    account.client("s3").create_bucket(Bucket=f"firmware-{account.number}")
    account.client("iam").create_role(RoleName="fota", AssumeRolePolicyDocument=json.dumps(TRUST))
    account.client("iot").create_thing(thingName="lamp")
    return account


@pytest.fixture
def application(tmp_path):
    """A project's folder: what is updated, and what is not."""
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    files = {
        "main.py": "from aws_iot.boot import run\nrun('app')\n",
        "app.py": 'VERSION = "1.2.0"\nprint("hello")\n',
        "helpers.py": "X = 1\n",
        "data/table.json": "[1, 2]",
        "thing.conf.json": "{}",
        "wifi.json": '{"password": "secret"}',
        "readme.md": "text",
        ".hidden/x.py": "x",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder
