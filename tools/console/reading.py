"""The list read in a process of its own: the shadows of ten thousand things are a minute of computing, which the
server, that answers pages meanwhile, does not have."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import ToolError
from ..fleet.rows import Row, rows
from ..fleet.updates import Update
from ..main import sentence

if TYPE_CHECKING:
    from ..cloud.aws import Aws


def pages(aws: Aws) -> Iterator[list[Row]]:
    """rows() of all things, with keys that are looked for anew; ToolError for what kept them from being read."""
    command = [sys.executable, "-m", __name__, json.dumps(aws.place)]
    # in a session of its own, so that Ctrl-C is the server's alone, which then ends it
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8",
        start_new_session=True,
    ) as reader:  # fmt: skip
        try:
            for line in reader.stdout or ():
                found = json.loads(line)
                if isinstance(found, dict):
                    raise ToolError(found["error"])
                yield [_row(document) for document in found]
        finally:
            reader.kill()
    if reader.returncode > 0:
        raise ToolError("the list could not be read to its end: `thing list` says why")


def _row(document: dict[str, object]) -> Row:
    update = document.pop("update")
    return Row(**document, update=Update(**update) if isinstance(update, dict) else None)  # type: ignore[arg-type]


def main(place: str) -> None:
    """Write a JSON line for each page of rows, or one for the error."""
    from ..cloud.aws import Aws

    try:
        for page in rows(Aws(**json.loads(place))):
            print(json.dumps([row.document() for row in page]), flush=True)
    except BrokenPipeError:
        raise
    except Exception as error:
        print(json.dumps({"error": sentence(error)}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
