"""Mosquitto as the broker of the tests: mutual TLS, in 1.3 or in 1.2 as boards speak it, and a plain listener."""

import os
import shutil
import subprocess
from pathlib import Path

from . import board_tls
from .certificates import Authority
from .ports import free_port, wait_for_port
from .processes import end

# What a thing sends to the shadow service, and what it answers: the topics that a bridge carries.
_SHADOW_REQUESTS = ("update", "get", "delete")
_SHADOW_ANSWERS = ("update/accepted", "update/rejected", "update/delta", "update/documents", "get/accepted",
                   "get/rejected", "delete/accepted", "delete/rejected")  # fmt: skip
_JOBS_REQUESTS = ("get", "start-next", "+/get", "+/update")
_JOBS_ANSWERS = [f"{name}/{end}" for name in _JOBS_REQUESTS for end in ("accepted", "rejected")]
_JOBS_ANSWERS += ["notify", "notify-next"]


class Mosquitto:
    """A broker with a TLS listener (`port`) and one without (`plain_port`); stop() and start() keep both ports.

    tls: "1.3", and 1.2 with a MicroPython that knows no newer; or "1.2", which has no more than boards have.
    websocket: whether WebSockets are served as well, by TLS and to everybody, on `websocket_port`.
    """

    def __init__(
        self, folder: Path, authority: Authority, tls: str = "1.3", server_key: str = "P-256", websocket: bool = False
    ) -> None:
        self.folder = folder
        self.authority = authority
        self.tls = "1.2" if board_tls.everywhere() else tls
        self.port, self.plain_port = free_port(), free_port()
        self.websocket_port = free_port() if websocket else None
        self._bridges = []
        self._process = None
        (folder / "ca.pem").write_bytes(authority.pem())
        authority.issue("localhost", server_key, hosts=("localhost", "127.0.0.1")).write(folder, "server")
        folder.chmod(0o755)

    def bridge(self, name: str, address: str, ca: Path, certificate: Path, key: Path, client_id: str) -> None:
        """From the next start on, carry every thing's shadow and jobs topics to and from another broker."""
        lines = [
            f"connection {name}",
            f"address {address}",
            f"remote_clientid {client_id}",
            f"bridge_cafile {ca}",
            f"bridge_certfile {certificate}",
            f"bridge_keyfile {key}",
            "try_private false",
            "notifications false",
            "cleansession true",
            "restart_timeout 1",
        ]
        for prefix in ("$aws/things/+/shadow/", "$aws/things/+/shadow/name/+/"):
            lines += [f"topic {prefix}{suffix} out 1" for suffix in _SHADOW_REQUESTS]
            lines += [f"topic {prefix}{suffix} in 1" for suffix in _SHADOW_ANSWERS]
        lines += [f"topic $aws/things/+/jobs/{suffix} out 1" for suffix in _JOBS_REQUESTS]
        lines += [f"topic $aws/things/+/jobs/{suffix} in 1" for suffix in _JOBS_ANSWERS]
        self._bridges.append("\n".join(lines))

    def _configuration(self) -> str:
        folder = self.folder
        user = ["user root"] if os.geteuid() == 0 else []
        server = [f"certfile {folder}/server.crt", f"keyfile {folder}/server.key"]
        websocket = [f"listener {self.websocket_port} 127.0.0.1", "protocol websockets", *server]
        return "\n".join(
            [
                *user,
                "allow_anonymous true",
                "set_tcp_nodelay true",
                "max_inflight_messages 100",
                "max_queued_messages 0",
                "message_size_limit 131072",
                "persistence false",
                f"listener {self.plain_port} 127.0.0.1",
                f"listener {self.port} 127.0.0.1",
                f"cafile {folder}/ca.pem",
                *server,
                "require_certificate true",
                "tls_version tlsv1.2",  # or newer
                *([f"ciphers {board_tls.SUITES}"] if self.tls == "1.2" else []),
                *(websocket if self.websocket_port else []),
                *self._bridges,
                "",
            ]
        )

    def start(self) -> "Mosquitto":
        path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
        program = shutil.which("mosquitto", path=path)
        if not program:
            raise RuntimeError("mosquitto is missing: run `make setup`")
        configuration = self.folder / "mosquitto.conf"
        configuration.write_text(self._configuration())
        environment = dict(os.environ)
        if self.tls == "1.2":
            environment["OPENSSL_CONF"] = str(board_tls.CONFIGURATION)
        with open(self.folder / "mosquitto.log", "ab") as log:
            self._process = subprocess.Popen(
                [program, "-c", str(configuration), "-v"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_for_port(self.port, self._process)
            wait_for_port(self.plain_port, self._process)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        if self._process:
            end(self._process)
            self._process = None

    @property
    def log(self) -> str:
        return (self.folder / "mosquitto.log").read_text(errors="replace")
