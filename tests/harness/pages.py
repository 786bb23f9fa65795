"""The code blocks of the project's pages, and a reader who takes them as they stand."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from . import ROOT

# Stands in for the aws command, which is no dependency: the same operation with the same arguments through boto3.
_AWS = f"""#!{sys.executable}
import pathlib, sys
import boto3
service, operation, *rest = sys.argv[1:]
if (service, operation) == ("s3", "mb"):
    boto3.client("s3").create_bucket(Bucket=rest[0].removeprefix("s3://"))
    sys.exit()
names = ["".join(word.title() for word in name.strip("-").split("-")) for name in rest[::2]]
values = [pathlib.Path(value[7:]).read_text() if value.startswith("file://") else value for value in rest[1::2]]
getattr(boto3.client(service), operation.replace("-", "_"))(**dict(zip(names, values)))
"""


@dataclass(frozen=True)
class Block:
    """One of a page's blocks; kind: what stands behind its fence ("sh", "python"), or "indented"."""

    page: str
    kind: str
    text: str

    @property
    def first_line(self) -> str:
        return self.text.splitlines()[0].split("  #")[0].rstrip()


def blocks(page: str, kind: str | None = None) -> list:
    """The page's blocks, in its order: of one kind, or all."""
    tokens = MarkdownIt().parse((ROOT / page).read_text())
    found = [
        Block(page, token.info.strip() if token.type == "fence" else "indented", token.content)
        for token in tokens
        if token.type in ("fence", "code_block")
    ]
    return [block for block in found if kind in (None, block.kind)]


def with_aws(folder: Path) -> str:
    """A PATH on which the command `aws` is; its file is made in the folder."""
    command = folder / "bin" / "aws"
    command.parent.mkdir()
    command.write_text(_AWS)
    command.chmod(0o755)
    return f"{command.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


class Reader:
    """Somebody with the tools installed, who gives each block of a page to a shell that was just opened in a folder.

    What was set in one shell the next does not know: a block finds files and what runs of those before it, no more.
    """

    def __init__(self, folder: Path, environment: dict) -> None:
        self._folder = folder
        path = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', os.defpath)}"
        self._environment = {**environment, "PATH": path}

    def run(self, commands: str, timeout_s: float = 600) -> str:
        """-> what was printed. AssertionError when a command fails."""
        shell = self._shell(f"set -e\n{commands}")
        try:
            printed, _ = shell.communicate(timeout=timeout_s)
        except BaseException:
            shell.kill()
            raise
        assert not shell.returncode, f"{commands}\n{printed}"
        return printed

    def start(self, command: str) -> subprocess.Popen:
        """A shell whose command goes on."""
        return self._shell(f"exec {command}")

    def _shell(self, commands: str) -> subprocess.Popen:
        return subprocess.Popen(
            ["sh", "-c", commands], cwd=self._folder, env=self._environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
