"""AWS IoT's credential provider before the local AWS of a test: tools/cloud/provider.py, and what may go wrong with it.
"""

import contextlib
import datetime
import functools
import hashlib
import json
import re
import socket
import ssl
import threading
from email.utils import format_datetime

import h11
from aws_iot_tools.cloud.certificates import Certificates
from aws_iot_tools.cloud.provider import Provider

from .board_tls import server_context
from .certificates import Authority
from .ministack import ACCOUNT, REGION, MiniStack

_PATH = re.compile(r"/role-aliases/([\w=,@-]+)/credentials")
_PIECE = b"<p>" * 1000
_PROXY = b"<html><body>Please sign in</body></html>"


class CredentialProvider:
    """`aliases`: {role alias: name of its role}. `seconds`: how long keys live. `late_s`: how late it is here.

    `trouble`: what it does in place of its work, "html" (a proxy's page), "endless" (one without an end), "busy",
    "cut", "silent"; or None. `asked`: the things that asked.
    """

    def __init__(self, ministack: MiniStack, authority: Authority, folder, host: str = "localhost") -> None:
        self.aliases, self.seconds, self.late_s, self.trouble, self.asked = {}, 3600, 0, None, []
        client = functools.cache(ministack.client)
        self._provider = Provider(client, Certificates(client, REGION), self._alias)
        self._context = server_context()
        self._context.load_cert_chain(*authority.issue("provider", hosts=[host]).write(folder, "provider"))
        self._context.load_verify_locations(cadata=ministack.ca)
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def copied(self, role: str, thing: str) -> str:
        """The ARN of the role that gives the thing its keys."""
        return self._provider.copied(role, thing)

    def _accept(self) -> None:
        while True:
            try:
                raw, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw) -> None:
        raw.settimeout(60)
        with contextlib.suppress(OSError), self._context.wrap_socket(raw, server_side=True) as tls:
            connection = h11.Connection(h11.SERVER)
            while (event := connection.next_event()) is h11.NEED_DATA:
                connection.receive_data(tls.recv(4096))
            if not isinstance(event, h11.Request) or self.trouble == "cut":
                return
            if self.trouble == "silent":
                tls.recv(1)
                return
            self._answer(tls, connection, *self._document(event, tls.getpeercert(binary_form=True)))
            tls.unwrap()

    def _answer(self, tls, connection, status, kind, body) -> None:
        now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=self.late_s)
        headers = [("Date", format_datetime(now, usegmt=True)), ("Content-Type", kind), ("Connection", "close")]
        tls.sendall(connection.send(h11.Response(status_code=status, headers=headers)))
        for _ in range(30_000 if self.trouble == "endless" else 0):  # 90 MB
            tls.sendall(connection.send(h11.Data(data=_PIECE)))
        tls.sendall(connection.send(h11.Data(data=body)) + connection.send(h11.EndOfMessage()))

    def _document(self, request, certificate) -> tuple:
        if self.trouble in ("html", "endless"):
            return 200, "text/html", _PROXY
        if self.trouble == "busy":
            return 503, "application/json", b'{"message":"Service unavailable"}'
        thing = dict(request.headers).get(b"x-amzn-iot-thingname", b"").decode()
        self.asked.append(thing)
        found = _PATH.fullmatch(request.target.decode())
        status, document = self._keys(found[1], thing, certificate) if found else (404, {"message": "Not Found"})
        return status, "application/json", json.dumps(document).encode()

    def _alias(self, name) -> dict | None:
        role = self.aliases.get(name)
        arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
        return role and {"roleAlias": name, "roleArn": arn, "credentialDurationSeconds": self.seconds}

    def _keys(self, alias, thing, certificate) -> tuple:
        found = self._provider.keys(hashlib.sha256(certificate).hexdigest(), alias, thing)
        if not found:
            return 403, {"message": "Access Denied"}
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.seconds - self.late_s)
        found["credentials"]["expiration"] = f"{end:%Y-%m-%dT%H:%M:%SZ}"
        return 200, found
