"""The manners of a command line: progress, pipes, AWS's own settings."""

import os
import pty
import subprocess

from .conftest import _THING


def _on_a_terminal(thing, *words, code=0, **variables) -> str:
    """What the command writes to stderr when that is a terminal."""
    ours, theirs = pty.openpty()
    environment = {**thing.environment, "TERM": "xterm-256color", **variables}
    process = subprocess.Popen(
        [_THING, *words], cwd=thing.folder, env=environment, stdout=subprocess.DEVNULL, stderr=theirs
    )
    os.close(theirs)
    written = b""
    try:
        while data := os.read(ours, 4096):
            written += data
    except OSError:  # the terminal's other end is closed
        pass
    os.close(ours)
    assert process.wait(30) == code, written
    return written.decode()


def test_progress_is_a_bar_on_a_terminal_and_lines_in_a_pipe(thing, project):
    shown = _on_a_terminal(thing, "add", "demo", "-n", "12")
    assert "━" in shown and "12/12" in shown and "left" not in shown
    piped = thing.run("cleanup", "demo", "--yes").stderr.splitlines()
    assert piped[-1] == "deleting things 12/12, 0 s left" and len(piped) <= 10
    assert "\x1b" not in "".join(piped)


def test_an_error_is_red_on_a_terminal_that_wants_colour(thing):
    """https://no-color.org"""
    assert _on_a_terminal(thing, "show", "lamp", code=1).startswith("\x1b[31mthing: there is no thing lamp")
    assert "\x1b" not in _on_a_terminal(thing, "show", "lamp", code=1, NO_COLOR="1")
    assert "\x1b" not in thing.run("show", "lamp", code=1).stderr


def test_a_project_is_the_folder_one_is_in(thing, project):
    thing.folder = project
    assert "demo_0 is the active thing" in thing.run("add").stdout
    assert thing.run("use").stdout == "demo_0 is the active thing\n"
    assert "no board" in thing.run("flash", "--port", "socket://127.0.0.1:1", code=1).stderr
    assert (
        "1 thing deleted, with certificates and shadows; the policy demo-policy is deleted, too\n"
        in thing.run("cleanup", "--yes").stdout
    )


def test_the_region_of_the_aws_cli_2_is_used(thing, account):
    """AWS_REGION, of which botocore takes no notice.

    https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
    """
    account.client("iot", region="eu-west-1").create_thing(thingName="lamp")
    thing.environment.pop("AWS_DEFAULT_REGION")
    thing.environment["AWS_REGION"] = "eu-west-1"
    assert thing.json("list", "--names") == ["lamp"]


def test_json_is_alone_on_stdout(thing, project):
    assert thing.json("add", "demo", "-n", "2")["created"] == 2
    assert thing.json("cleanup", "demo", "--yes") == {
        "things": ["demo_0", "demo_1"], "policy": "demo-policy", "deleted": 2, "gone": 0, "failed": 0,
        "role_alias": None, "additions": None, "rules": [], "jobs": [],
    }  # fmt: skip


def test_aws_own_profile_and_files_are_used(thing, account):
    """As the aws command reads them: keys, region and endpoint_url of a profile."""
    home = thing.folder / "aws"
    home.mkdir()
    (home / "credentials").write_text(f"[desk]\naws_access_key_id={account.number}\naws_secret_access_key=test\n")
    (home / "config").write_text(f"[profile desk]\nregion=us-east-1\nendpoint_url={account.url}\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION"):
        thing.environment.pop(name)
    thing.environment.update(
        AWS_SHARED_CREDENTIALS_FILE=str(home / "credentials"), AWS_CONFIG_FILE=str(home / "config"),
        AWS_EC2_METADATA_DISABLED="true",
    )  # fmt: skip
    account.client("iot").create_thing(thingName="lamp")
    assert thing.run("list", "--names", "--profile", "desk").stdout == "lamp\n"
    assert thing.run("--profile", "desk", "list", "--names").stdout == "lamp\n"
    assert "no AWS region" in thing.run("list", code=1).stderr
    thing.environment["AWS_PROFILE"] = "desk"
    assert thing.run("list", "--names").stdout == "lamp\n"
    assert thing.run("list", "--region", "eu-west-1").stdout == "no things\n"
