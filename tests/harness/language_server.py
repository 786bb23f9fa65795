"""Pyright's language server, asked as VS Code asks it: over stdin and stdout, by the Language Server Protocol.

It is basedpyright, which brings the Node.js that it runs on; Pylance is the same engine with Microsoft's additions.
https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/
"""

import json
import subprocess
from pathlib import Path

from aws_iot_tools.dev.setup import DOCS

_SERVER = DOCS / "bin" / "basedpyright-langserver"


class LanguageServer:
    """It looks at the programs of a folder, which need not be there."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._asked = folder, 0
        self._process = subprocess.Popen(
            [_SERVER, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder
        )

    def __enter__(self):
        root = {"uri": self._folder.as_uri(), "name": self._folder.name}
        capable = {"workspace": {"workspaceFolders": True}}
        self._ask("initialize", processId=None, rootUri=root["uri"], workspaceFolders=[root], capabilities=capable)
        self._tell("initialized")
        return self

    def __exit__(self, *_) -> None:
        self._process.kill()
        self._process.communicate()

    def completions(self, program: str) -> list:
        """What could stand at the end of a program."""
        uri = (self._folder / f"program{self._asked}.py").as_uri()
        self._tell("textDocument/didOpen", textDocument={
            "uri": uri, "languageId": "python", "version": 1, "text": program
        })  # fmt: skip
        lines = program.split("\n")
        place = {"line": len(lines) - 1, "character": len(lines[-1])}
        found = self._ask("textDocument/completion", textDocument={"uri": uri}, position=place)
        return [item["label"] for item in found["items"]]

    def _ask(self, method: str, **parameters):
        self._asked += 1
        self._send(id=self._asked, method=method, params=parameters)
        while True:
            answer = self._read()
            if "method" in answer and "id" in answer:  # it asks for settings
                items = answer.get("params", {}).get("items", [])
                self._send(id=answer["id"], result=[None] * len(items))
            elif answer.get("id") == self._asked:
                return answer["result"]

    def _tell(self, method: str, **parameters) -> None:
        self._send(method=method, params=parameters)

    def _send(self, **message) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(content) + content)
        self._process.stdin.flush()

    def _read(self) -> dict:
        size = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
        assert size, "the language server ended"
        return json.loads(self._process.stdout.read(size))
