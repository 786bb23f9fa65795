"""Help: complete, as kept, and quick to come."""

import importlib.metadata
import subprocess
import sys

import pytest
from aws_iot_tools.main import COMMANDS, SPELLINGS

from . import golden

_SUBCOMMANDS = {
    "job": ("start", "watch"),
    "shadow": ("get", "set", "watch"), "cloud": ("up", "env", "down"), "role-alias": ("create", "list", "delete"),
    "ztc": ("aws", "compile", "uplink"),
    "policy": ("add", "remove", "show", "review"), "rule": ("create", "list", "show", "test", "delete"),
    "serve": ("start", "keys"),
}  # fmt: skip
_PAGES = [(), *((name,) for name in COMMANDS), *((name, sub) for name, subs in _SUBCOMMANDS.items() for sub in subs)]


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: "-".join(page) or "thing")
def test_help_is_as_kept(thing, page):
    golden.check(f"help/{'-'.join(page) or 'thing'}", thing.run(*page, "--help").stdout, {})


def test_each_command_has_its_short_name_and_spellings(thing):
    short = [row[1] for row in COMMANDS.values() if row[1]]
    assert len(short) == len(set(short)) and not set(short) & set(COMMANDS)
    for name in ("thing-project-from-template", "add-things", "set-active-thing", "iot-cleanup", "iot-fota-start"):
        assert COMMANDS[name][1] in short
    assert SPELLINGS["iot-fota_start"] == "iot-fota-start"
    long, short = thing.run("thing-project-from-template", "--help").stdout, thing.run("new", "--help").stdout
    assert short.startswith("Usage: thing new ") and long.startswith("Usage: thing thing-project-from-template ")
    assert short.split("\n", 1)[1] == long.split("\n", 1)[1]


def test_help_imports_nothing_heavy():
    """boto3 takes 0.15 s to import, rich and cryptography 0.05 s each: `thing --help` is to be there in 0.2 s."""
    code = (
        "import sys\nfrom aws_iot_tools.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & set(sys.argv[1:])))"
    )
    heavy = ["boto3", "botocore", "rich", "cryptography", "mpremote", "serial", "urllib3"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("shell, word", [("bash", "1"), ("zsh", "1"), ("fish", "add")])
def test_completion_script_completes(thing, shell, word):
    """The script calls `thing` with these variables; fish names the word itself, the others its place."""
    assert "_THING_COMPLETE" in thing.run("completion", shell).stdout
    thing.environment.update(_THING_COMPLETE=f"{shell}_complete", COMP_WORDS="thing add", COMP_CWORD=word)
    assert "add-things" in thing.run().stdout


@pytest.mark.parametrize(
    "typed, names", [("us", {"use"}), ("cle", {"cleanup"}), ("fo", {"fota", "fota-keygen", "fota-watch"})]
)
def test_completion_knows_the_short_names(thing, typed, names):
    thing.environment.update(_THING_COMPLETE="bash_complete", COMP_WORDS=f"thing {typed}", COMP_CWORD="1")
    assert {line.removeprefix("plain,") for line in thing.run().stdout.split()} == names


def test_completion_of_a_short_name_goes_on(thing):
    thing.environment.update(_THING_COMPLETE="bash_complete", COMP_WORDS="thing use --thing", COMP_CWORD="2")
    assert "plain,--thing-id" in thing.run().stdout.split()


@pytest.mark.parametrize(
    "words, meant", [("lst", "list"), ("clean", "cleanup"), ("shadow gte", "get"), ("nwe x", "new")]
)
def test_a_misspelt_command_is_answered_with_the_one_that_was_meant(thing, words, meant):
    assert f"(did you mean {meant}?)" in thing.run(*words.split(), code=2).stderr


def test_version_is_that_of_the_installed_package(thing):
    assert thing.run("--version").stdout == f"thing {importlib.metadata.version('micropython-aws-iot')}\n"


def test_global_options_stand_before_or_after_the_command(thing):
    assert thing.run("--json", "list").stdout == thing.run("list", "--json").stdout == "[]\n"
