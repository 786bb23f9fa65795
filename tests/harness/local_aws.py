"""The local AWS as a user has it, with all its doors, and a thing of the commands: `thing cloud up`, `new`, `add`."""

import json
import os
import subprocess
import sys
from pathlib import Path

from .ministack import MiniStack
from .ports import free_port

DOORS = ("wss", "https", "https-sigv4")  # beside MQTT's
THING = "demo_0"
_COMMAND = Path(sys.executable).with_name("thing")
_POLL_MS = 200  # by HTTPS a shadow is asked for
_SHOWN = 10  # lines of a command that failed


class LocalAws(MiniStack):
    """MiniStack behind its doors, in the folder."""

    def start(self) -> "LocalAws":
        ports = {"port": self.gateway, "mqtt-port": self.port, "https-port": free_port(), "sigv4-port": free_port()}
        self._run("cloud", "up", *(f"--{name}={port}" for name, port in ports.items()))
        self.ca = self._get("/_ministack/iot/ca.pem").decode()
        return self

    def stop(self) -> None:
        self._run("cloud", "down")

    def project(self, door: str) -> Path:
        """The folder of a project whose thing may go in by the door, and has what that takes."""
        self._run("new", "demo")
        self._run("add", "demo")
        self._run(*(("policy", "add", "demo", "--https") if door == "https" else ("role-alias", "create", "demo")))
        return self.folder / "demo"

    @staticmethod
    def configure(project: Path, door: str, port: int | None = None) -> int:
        """Write the door, and another port for it, into thing.conf.json; -> the port."""
        path = project / "thing.conf.json"
        document = json.loads(path.read_text())
        document["ports"][door] = port or document["ports"][door]
        path.write_text(json.dumps({**document, "door": door, "poll_ms": _POLL_MS}))
        return document["ports"][door]

    def _run(self, *words: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "THING_"))}
        done = subprocess.run(
            [_COMMAND, *words], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=180
        )
        if done.returncode:
            said = "\n".join(f"{done.stdout}{done.stderr}".splitlines()[-_SHOWN:])
            raise RuntimeError(f"thing {' '.join(words)}: exit {done.returncode}\n{said}")
