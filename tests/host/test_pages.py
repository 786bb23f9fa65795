"""No code block of a page is left out: each is run as it stands by a test named here, or is named with the reason."""

import json
import re
import subprocess

import pytest
from aws_iot_tools.board import mpy

from ..harness import ROOT, pages

_TRACKED = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
# Drawings and what programs print are no code: "text".
_ALL = [block for page in _TRACKED.stdout.split() for block in pages.blocks(page) if block.kind != "text"]
# (page, kind) -> who runs all the blocks of that kind, in the order of the page.
_RUN_BY = {
    ("README.md", "python"): "tests/system/test_page_programs.py",
    ("README.md", "sh checkout"): "tests/host/test_distribution.py",
    ("README.md", "sh"): "tests/host/test_walkthrough.py",
    ("README.md", "sh second shell"): "tests/host/test_walkthrough.py",
    ("docs/console.md", "sh many"): "tests/host/test_fleet_acts.py",
    ("docs/doors.md", "sh https"): "tests/host/test_policy.py",
    ("docs/fota.md", "python"): "tests/host/test_fota_walkthrough.py",
    ("docs/fota.md", "python jobs"): "tests/system/test_page_programs.py",
    ("docs/fota.md", "sh"): "tests/host/test_fota_walkthrough.py",
    ("docs/health.md", "python"): "tests/system/test_care.py",
    ("docs/health.md", "sh record"): "tests/host/test_record.py",
    ("docs/loops.md", "python"): "tests/system/test_loops.py",
    ("docs/policies.md", "sh policy"): "tests/host/test_policy.py",
    ("docs/production.md", "sh line"): "tests/host/test_line.py",
    ("docs/production.md", "sh script"): "tests/host/test_ztc.py",
    ("docs/rules.md", "python rules"): "tests/system/test_rules.py",
    ("docs/rules.md", "sh rules"): "tests/host/test_rules.py",
    ("docs/rest.md", "python rest"): "tests/host/test_para_page.py",
    ("docs/rest.md", "sh rest"): "tests/host/test_para_page.py",
    ("docs/rest.md", "sh rest server"): "tests/host/test_para_page.py",
    ("docs/start.md", "sh start"): "tests/host/test_start.py",
    ("docs/tools.md", "sh fleet"): "tests/host/test_walkthrough.py",
    ("docs/shadows.md", "python shadows"): "tests/system/test_page_programs.py",
    ("docs/offline.md", "python offline"): "tests/system/test_page_programs.py",
    ("docs/sleep.md", "python sleep"): "tests/system/test_page_programs.py",
    ("docs/from-umqtt.md", "python umqtt"): "tests/system/test_page_programs.py",
    ("docs/tutorial.md", "sh tutorial"): "tests/host/test_tutorial.py",
    ("docs/tutorial.md", "sh tutorial board"): "tests/host/test_tutorial.py",
    ("docs/tutorial.md", "sh tutorial second shell"): "tests/host/test_tutorial.py",
    ("docs/tutorial.md", "sh tutorial update"): "tests/host/test_tutorial.py",
    ("docs/tutorial.md", "python tutorial lamp"): "tests/host/test_tutorial.py",
    ("docs/tutorial.md", "python tutorial main"): "tests/host/test_tutorial.py",
    ("docs/tutorial.md", "python tutorial update"): "tests/host/test_tutorial.py",
    ("docs/tutorial.md", "python tutorial sensor"): "tests/host/test_tutorial.py",
    ("docs/beside-aws.md", "python boto3"): "tests/host/test_beside_aws.py",
    ("docs/beside-aws.md", "python sdk"): "tests/host/test_beside_aws.py",
    ("examples/battery_node/README.md", "sh"): "tests/host/test_walkthrough.py",
    ("examples/bme280/README.md", "sh"): "tests/host/test_walkthrough.py",
    ("examples/button_led/README.md", "sh"): "tests/host/test_walkthrough.py",
    ("examples/named_shadow/README.md", "sh"): "tests/host/test_walkthrough.py",
    ("examples/oled_status/README.md", "sh"): "tests/host/test_walkthrough.py",
    ("examples/publish_period/README.md", "sh"): "tests/host/test_walkthrough.py",
    ("examples/relay_watchdog/README.md", "sh"): "tests/host/test_walkthrough.py",
}
_FROM_CSR = "aws iot create-certificate-from-csr --certificate-signing-request file://lamp-1.csr --set-as-active \\"
_PUBLISH = "echo '{\"all\": \"#102030\"}' > pixels.json"
_NOT_RUN = {
    ("docs/console.md", "thing console demo --port 8480"): "goes on until Ctrl-C; tests/browser starts it so",
    ("docs/doors.md", "from aws_iot import Thing"): "its endpoint and keys are of real AWS; tests/device/test_doors.py",
    (
        "docs/doors.md",
        "thing role-alias create demo",
    ): "MiniStack has no role aliases; tests/host/test_role_alias.py plays them",
    ("docs/doors.md", "from aws_iot import web"): "needs a credential provider; tests/system/test_keys.py plays it",
    ("docs/doors.md", "s3 = web.s3.S3(thing)"): "needs a credential provider; tests/system/test_s3.py plays it",
    (
        "docs/doors.md",
        "thing = Thing.from_config()",
    ): "needs port 8443 or keys; tests/system/test_http.py makes these calls",
    ("docs/doors.md", "["): "statements to copy; tests/system/test_http.py has MiniStack's policies with them",
    (
        "docs/health.md",
        "aws iot update-indexing-configuration --thing-indexing-configuration '{",
    ): "the CLI of AWS is not set up; tests/host/test_fleet.py plays the answers of such an index",
    ("docs/secure-element.md", "from aws_iot import Thing"): "needs a chip; tests/device/test_key.py plays it",
    ("docs/secure-element.md", "#define MICROPY_PY_SSL_ECDSA_SIGN_ALT (1)"): "of a firmware of one's own",
    (
        "docs/secure-element.md",
        "from binascii import b2a_base64",
    ): "needs a chip; tests/properties/test_key.py plays it",
    ("docs/secure-element.md", _FROM_CSR): "needs a request of a chip; tests/properties/test_key.py has one signed",
    ("docs/start.md", "pip install esptool"): "needs a real board",
    ("docs/beside-aws.md", 'eval "$(thing cloud env)"'): "needs the aws command, which is no dependency",
    ("docs/editors.md", "pip install micropython-aws-iot micropython-esp32-stubs"): "it is not on PyPI yet",
    ("docs/editors.md", "[tool.pyright]"): "of the editor; tests/host/test_editor.py asks Pyright itself",
    ("examples/neopixel/README.md", _PUBLISH): "needs the aws command, which is no dependency",
    ("CONTRIBUTING.md", "make setup"): "`make test` is what runs this",
    ("examples/behind_a_firewall/README.md", "thing role-alias create ."): "see docs/doors.md",
    ("examples/s3_upload/README.md", "thing role-alias create . --bucket my-logs"): "see docs/doors.md",
    ("docs/hardware.md", "make aws"): "needs a real account; tests/host/test_selftest_aws.py plays it",
    ("docs/hardware.md", "make hardware PORT=/dev/ttyUSB0"): "needs a real board; tests/host/test_selftest.py plays it",
}


def test_each_block_is_run_by_somebody_or_named_here():
    left = {
        (block.page, block.kind, block.first_line)
        for block in _ALL
        if (block.page, block.kind) not in _RUN_BY and (block.page, block.first_line) not in _NOT_RUN
    }
    assert left == set(), "write a test that runs them, and name it in _RUN_BY; or the reason in _NOT_RUN"


def test_nothing_is_named_here_that_is_not_there():
    kinds = {(block.page, block.kind) for block in _ALL}
    assert set(_RUN_BY) <= kinds
    assert set(_NOT_RUN) <= {(block.page, block.first_line) for block in _ALL}
    for (page, kind), test in _RUN_BY.items():
        source = (ROOT / test).read_text()
        assert page in source and kind.split()[-1] in source, f"{test} takes no {kind} of {page}"


@pytest.mark.parametrize("block", _ALL, ids=lambda block: f"{block.page}: {block.first_line[:40]}")
def test_what_can_be_read_without_running_it_is_sound(block, tmp_path):
    """Also what is not run: Python that MicroPython compiles, JSON, and commands that sh can parse."""
    language = block.kind.split()[0] if block.kind else "none"
    if language == "python":
        source = tmp_path / "block.py"
        source.write_text(block.text)
        mpy.compile_package(tmp_path, tmp_path / "compiled")
    elif language == "json":
        json.loads(block.text)
    elif language == "sh":
        subprocess.run(["sh", "-n"], input=block.text, text=True, check=True)
    else:
        assert (block.page, block.first_line) in _NOT_RUN, f"a block of kind {language!r}: what is to be done with it?"


def test_each_example_is_short_and_is_in_the_index():
    index = (ROOT / "examples" / "README.md").read_text()
    folders = [path for path in (ROOT / "examples").iterdir() if path.is_dir() and (path / "main.py").exists()]
    assert len(folders) > 12
    for folder in folders:
        assert (folder / "README.md").read_text().startswith(f"# {folder.name}\n")
        assert f"]({folder.name}/README.md)" in index
        for program in folder.glob("*.py"):
            assert len(program.read_text().splitlines()) <= 60, program


def test_contributing_names_what_is_there():
    """The files and targets that somebody would look for with a first change."""
    page = (ROOT / "CONTRIBUTING.md").read_text()
    paths = set(re.findall(r"`((?:[\w.-]+/)+[\w*.-]*)`", page)) - {"dist/"}  # made by `make release`
    there = {path for path in paths for folder in (ROOT, ROOT / "aws_iot") if any(folder.glob(path))}
    assert len(there) > 12 and paths == there
    targets = re.findall(r"(?:`|^    )make ([a-z-]+)", page, re.MULTILINE)
    made = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert len(targets) > 6 and set(targets) <= set(made)
