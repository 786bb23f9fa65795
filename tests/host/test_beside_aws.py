"""docs/beside-aws.md: AWS's own clients against the local AWS, as they stand there."""

import os
import subprocess
import sys

import pytest

from ..benchmarks import bench
from ..harness.pages import Reader, blocks

_PAGE = "docs/beside-aws.md"


@pytest.fixture
def folder(tmp_path):
    """With what the page says to have: the project demo, its thing, and a local AWS."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "THING_"))}
    reader = Reader(tmp_path, {**environment, "HOME": str(tmp_path)})
    reader.run("thing new demo\nthing cloud up\nthing add demo")
    yield tmp_path, reader
    reader.run("thing cloud down")


@pytest.mark.docs
def test_boto3(folder):
    path, reader = folder
    (program,) = blocks(_PAGE, "python boto3")
    (path / "program.py").write_text(program.text)
    said = reader.run(f'eval "$(thing cloud env)"\n{sys.executable} program.py')
    assert said.splitlines()[-2:] == ["{'publish_period': 2000} version 1", "hello-1 QUEUED"]


@pytest.mark.docs
def test_the_device_sdk(folder):
    path, reader = folder
    (program,) = blocks(_PAGE, "python sdk")
    (path / "program.py").write_text(program.text)
    reader.run("thing shadow set demo_0 '{\"led\": true}'")
    python = bench.environment() / "bin" / "python"
    done = subprocess.run([python, "program.py"], cwd=path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
