"""Bad input and bad luck: each a clear sentence on stderr, the right exit code, and nothing lost."""

import http.server
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from aws_iot_tools.cloud import aws
from botocore import exceptions
from botocore.exceptions import ClientError

from . import golden

_WITHOUT_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_EC2_METADATA_DISABLED": "true"}
_BROKEN = '{"endpoint": "localhost",\n "policy_name": '
_ELSEWHERE = '{"endpoint": "abc-ats.iot.eu-west-1.amazonaws.com", "policy_name": "p"}'

# name: (command line, environment, content of demo/thing.conf.json, exit code)
_CASES = {
    "no-command": ("", {}, None, 2),
    "unknown-command": ("ad demo", {}, None, 2),
    "unknown-option": ("list --fast", {}, None, 2),
    "no-such-folder": ("add nowhere", {}, None, 1),
    "no-project": ("add .", {}, None, 1),
    "doctor-no-project": ("doctor .", {}, None, 1),
    "config-half-written": ("add demo", {}, _BROKEN, 1),
    "config-not-an-object": ("add demo", {}, "[1]", 1),
    "config-wrong-type": ("add demo", {}, '{"endpoint": 7}', 1),
    "config-wrong-port": ("flash demo", {}, '{"port": "8883"}', 1),
    "config-empty": ("flash demo", {}, "{}", 1),
    "new-bad-name": ("new a/b", {}, None, 1),
    "new-bad-policy": ("new x --aws-policy-name a:b", {}, None, 1),
    "add-zero": ("add demo --things-number 0", {}, None, 2),
    "add-bad-base": ("add demo --things-base-name a.b", {}, None, 1),
    "add-long-base": (f"add demo --things-base-name {'x' * 127}", {}, None, 1),
    "add-bulk-without-bucket": ("add demo --bulk", {}, None, 2),
    "use-unknown": ("use demo --thing other", {}, None, 1),
    "use-both": ("use demo --thing other --thing-id 1", {}, None, 2),
    "flash-no-thing": ("flash demo --port socket://127.0.0.1:1", {}, None, 1),
    "no-credentials": ("add demo", _WITHOUT_KEYS, None, 1),
    "no-region": ("list", {"AWS_DEFAULT_REGION": None}, None, 1),
    "no-profile": ("list --profile nobody", {}, None, 1),
    "wrong-credentials": ("list", {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, None, 1),
    "wrong-credentials-of-a-shadow": ("shadow get lamp", {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, None, 1),
    "wrong-region": ("add demo", {}, _ELSEWHERE, 1),
    "unreachable": ("list --endpoint-url http://127.0.0.1:9", {}, None, 1),
    "show-unknown": ("show lamp", {}, None, 1),
    "update-unknown": ("update lamp {}", {}, None, 1),
    "delete-unknown": ("delete lamp --yes", {}, None, 1),
    "create-bad-name": ("create a.b", {}, None, 1),
    "create-umlaut": ("create kühlschrank", {}, None, 1),
    "shadow-none": ("shadow get lamp", {}, None, 1),
    "shadow-watch-unknown": ("shadow watch lamp", {}, None, 1),
    "shadow-bad-name": ("shadow get lamp --name a.b", {}, None, 1),
    "shadow-no-json": ("shadow set lamp {led:on}", {}, None, 1),
    "shadow-no-object": ("shadow set lamp 7", {}, None, 1),
    "cloud-none": ("cloud env", {}, None, 1),
    "cloud-odd-port": ("cloud up --mqtt-port 80000", {}, None, 2),
    "no-scheme": ("list --endpoint-url localhost:4566", {}, None, 1),
    "here-is-no-project": ("add", {}, None, 1),
    "misspelt-folder": ("add dmeo", {}, None, 1),
    "new-in-no-folder": ("new x no/such/folder", {}, None, 1),
    "keygen-in-no-folder": ("fota-keygen no/such/key", {}, None, 1),
    "odd-region": ("list --region mars-1", {}, None, 2),
    "no-number": ("add demo -n abc", {}, None, 2),
    "shadow-no-number": ('shadow set lamp {"x":NaN}', {}, None, 1),
    "fota-watch-unknown": ("fota-watch nothing", {}, None, 1),
}


@pytest.mark.parametrize("name", _CASES)
def test_error_is_as_kept(thing, project, account, name):
    words, environment, config, code = _CASES[name]
    for key, value in environment.items():
        thing.environment.pop(key, None)
        if value is not None:
            thing.environment[key] = value
    if config is not None:
        (project / "thing.conf.json").write_text(config)
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    done = thing.run(*words.split(), code=code)
    text = f"$ thing {words}\nexit code {done.returncode}\n{done.stdout}{done.stderr}"
    golden.check(f"errors/{name}", text, {account.url: "URL", thing.folder: "FOLDER"})
    assert {path: path.read_bytes() for path in before} == before
    if code == 1:
        assert len(done.stderr.strip().splitlines()) == 1


class _Page(http.server.BaseHTTPRequestHandler):
    """A server that is no AWS, or a log-in page that stands between: one page for everything."""

    def _answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        page = b"<!DOCTYPE HTML>\n<html>\n<head><title>Log in</title></head><body>\n<p>Hello<br></body></html>\n"
        self.send_response(404 if self.command == "GET" else 501)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def log_message(self, *_):
        pass


@pytest.fixture
def page():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("words", ["list", "show lamp", "shadow get lamp", "add demo", "create lamp"])
def test_a_web_page_in_place_of_aws_is_said_in_one_line(thing, project, page, words):
    thing.environment["AWS_ENDPOINT_URL"] = page
    said = thing.run(*words.split(), code=1).stderr
    assert "a web page answered, not AWS: is the address right" in said
    assert "<" not in said and len(said.splitlines()) == 1


def test_debug_shows_the_traceback(thing):
    assert "Traceback" in thing.run("show", "lamp", "--debug", code=1).stderr
    assert "Traceback" not in thing.run("show", "lamp", code=1).stderr


@pytest.mark.parametrize(
    "code, words",
    [
        ("ThrottlingException", "run the same command again in a minute"),
        ("ExpiredTokenException", "have expired: `aws sso login`"),
        ("LimitExceededException", "quota"),
        ("UnauthorizedException", "needs iot:CreateThing"),
        ("VersionConflictException", "CreateThing: said (VersionConflictException)"),
    ],
)
def test_answers_of_aws_in_words(code, words):
    error = ClientError({"Error": {"Code": code, "Message": "said"}}, "CreateThing")
    assert words in aws.explain(error)


@pytest.mark.parametrize(
    "error, words",
    [
        (exceptions.ProxyConnectionError(proxy_url="http://proxy:3128"), "is HTTPS_PROXY or HTTP_PROXY right?"),
        (exceptions.UnauthorizedSSOTokenError(), "`aws sso login` makes new credentials"),
        (exceptions.SSOTokenLoadError(error_msg="none is there"), "`aws sso login` makes new credentials"),
        (exceptions.TokenRetrievalError(provider="sso", error_msg="expired"), "`aws sso login` makes new credentials"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_boto3_raises_in_words(error, words):
    assert words in aws.explain(error) and "\n" not in aws.explain(error)


def test_the_action_that_is_denied_is_the_one_that_aws_names():
    said = "User: me is not authorized to perform: iam:CreateRole on resource: role x"
    error = ClientError({"Error": {"Code": "AccessDenied", "Message": said}}, "CreateRole")
    assert aws.explain(error).endswith("(the IAM user or role needs iam:CreateRole)")


def test_full_disk_loses_nothing(thing, project, account):
    """The disk gets full at a step (see forks.py): what was made in AWS is known, or was taken back."""
    words = ["add", "demo"]
    number = thing.fork(words)["steps"]
    thing.run("cleanup", "demo", "--yes")
    said = []
    for step in range(1, number, 2):
        done = thing.fork(words, step, full=True)
        if done["code"]:
            said.append(done["stderr"])
            if step // 2 % 2:  # half of them go on once there is room, half give up
                thing.run(*words)
        thing.run("cleanup", "demo", "--yes")
        account.assert_empty()
    assert len(said) > 10 and all("File too large" in text and text.count("\n") == 1 for text in said)
    assert all(("created" in text) == ("goes on from there" in text) for text in said)


def test_a_project_that_may_not_be_written_to(thing, project, account, board):
    """Each command that would change it names what it may not write, and makes nothing in AWS; the others do."""
    thing.run("add", "demo", "-n", "2")
    paths = {path: path.stat().st_mode for path in (project, *project.rglob("*"))}
    for path, mode in paths.items():
        path.chmod(mode & 0o7555)
    try:
        for words in ("add demo", "use demo --thing demo_1", "cleanup demo --yes", "new other demo", "cloud up demo"):
            said = thing.run(*words.split(), code=1, bound=True).stderr
            assert re.fullmatch(r"thing: demo/\S+: Permission denied\n", said), said
        thing.run("flash", "demo", "--port", board.port, "--no-wait", bound=True, timeout_s=600)
        thing.run("doctor", "demo", bound=True)
    finally:
        for path, mode in paths.items():
            path.chmod(mode)
    assert account.thing_names() == ["demo_0", "demo_1"] and len(account.certificates()) == 2


def test_two_commands_at_once(thing, project):
    first = thing.start("add", "demo", "-n", "30")
    while not (project / ".aws_things_resources/.lock").exists():
        assert first.poll() is None
        time.sleep(0.01)
    said = ""
    while first.poll() is None and not said:
        done = thing.run("cleanup", "demo", "--yes", ok=False)
        said = done.stderr if "another `thing` command" in done.stderr else ""
    assert first.wait(180) == 0, first.stderr.read()
    assert said
    for stream in (first.stdout, first.stderr):
        stream.close()


def test_ctrl_c_keeps_what_is_done(thing, project, account):
    first = thing.start("add", "demo", "-n", "60")
    while len(account.thing_names()) < 5:
        assert first.poll() is None
        time.sleep(0.05)
    first.send_signal(signal.SIGINT)
    _, error = first.communicate(timeout=180)
    assert first.returncode == 130
    made = len(account.thing_names())
    assert error.splitlines()[-1].startswith(f"thing: stopped after {made} of 60; what was done is kept")
    assert 5 <= made < 60
    thing.run("cleanup", "demo", "--yes")
    account.assert_empty()


def test_what_does_not_go_on_says_no_more_than_stopped(thing, account):
    """Ctrl-C in a watch, and a question that nobody can answer."""
    account.client("iot").create_thing(thingName="lamp")
    watch = thing.start("shadow", "watch", "lamp")
    assert watch.stdout.readline().endswith(" no shadow yet; waiting for it\n")
    watch.send_signal(signal.SIGINT)
    assert watch.communicate(timeout=120)[1].splitlines()[-1] == "thing: stopped" and watch.returncode == 130
    said = thing.run("delete", "lamp", code=1).stderr
    assert "nothing was done: without a terminal to ask at, --yes is the answer" in said


def test_output_into_a_closed_pipe_is_quiet(thing):
    done = subprocess.run(
        f"{Path(sys.executable).with_name('thing')} --help | true", shell=True, capture_output=True, text=True,
        env=thing.environment, timeout=120,
    )  # fmt: skip
    assert done.stderr == ""
