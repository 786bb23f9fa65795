"""HTTPS with a client certificate, AWS IoT's port 8443, in front of a local AWS that lacks it; and the credential
provider, which has a name of its own there.

It stands in for what AWS does: whose certificate is active is let in, each request needs an action of the certificate's
policies, and what is signed needs no signature. All else, MiniStack answers.
https://docs.aws.amazon.com/iot/latest/developerguide/http.html
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import http.client
import json
import ssl
import time
import urllib.parse
from collections.abc import Callable
from typing import NamedTuple

import h11

from .calls import THING, Need, needs
from .certificates import Certificates
from .provider import Provider

_MOST_BYTES = 200_000
_LIST = "/api/things/shadow/ListNamedShadowsForThing/"
# MiniStack takes root's keys with any signature
_ROOT = "AWS4-HMAC-SHA256 Credential={key}/20200101/{region}/iotdata/aws4_request, SignedHeaders=host, Signature=0"
_KEYS = ["role-aliases", "credentials"]  # before and behind the name
_BYE_S = 1  # who does not answer the end of TLS holds nobody up


class _Request(NamedTuple):
    method: str
    target: str
    thing: str  # of the header by which keys are asked for
    body: bytes


class Front:
    """Serves with the TLS `context`, which demands a certificate. `gateway` is MiniStack's port; `provider` None: keys
    are asked for elsewhere. `count` is told of each call of a thing, as Usage.called() is, but in another thread."""

    def __init__(
        self, certificates: Certificates, gateway: int, context: ssl.SSLContext, provider: Provider | None = None,
        count: Callable[[str, str, list[Need], bool, int, int], None] = lambda *_: None,
    ) -> None:  # fmt: skip
        self._certificates, self._gateway, self._context, self._provider = certificates, gateway, context, provider
        self._count = count
        self._root = _ROOT.format(key="test", region=certificates.region)
        self._named: dict[str, set[str]] = {}  # a thing's named shadows, which MiniStack does not list

    async def start(self, address: str, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._serve, address, port, ssl=self._context, ssl_shutdown_timeout=_BYE_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        shown = hashlib.sha256(writer.get_extra_info("ssl_object").getpeercert(True)).hexdigest()
        link = h11.Connection(h11.SERVER)
        with contextlib.suppress(OSError, h11.RemoteProtocolError):
            while request := await self._request(link, reader):
                status, body = await asyncio.to_thread(self._answer, shown, request)
                date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
                headers = [("content-type", "application/json"), ("content-length", str(len(body))), ("date", date)]
                said = [h11.Data(body)] if request.method != "HEAD" else []
                for event in (h11.Response(status_code=status, headers=headers), *said, h11.EndOfMessage()):
                    writer.write(link.send(event) or b"")
                await writer.drain()
                if link.our_state is not h11.DONE:
                    break
                link.start_next_cycle()
        writer.close()

    @staticmethod
    async def _request(link: h11.Connection, reader: asyncio.StreamReader) -> _Request | None:
        """The next request, or None: the client has gone, or asks too much."""
        head, body = None, b""
        while True:
            event = link.next_event()
            if event is h11.NEED_DATA:
                link.receive_data(await reader.read(65536))
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > _MOST_BYTES:
                    return None
            elif isinstance(event, h11.EndOfMessage) and head:
                thing = dict(head.headers).get(b"x-amzn-iot-thingname", b"")
                return _Request(head.method.decode(), head.target.decode(), thing.decode("latin-1"), body)
            else:
                return None

    def _answer(self, certificate: str, request: _Request) -> tuple[int, bytes]:
        path, _, query = request.target.partition("?")
        levels = [urllib.parse.unquote(level) for level in path.split("/")]
        if self._provider and request.method == "GET" and len(levels) == 4 and levels[1::2] == _KEYS:
            found = self._provider.keys(certificate, levels[2], request.thing)
            if thing := self._certificates.thing(certificate):
                asked = [("iot:AssumeRoleWithCertificate", f"rolealias/{levels[2]}")]
                self._count(thing, "uses", asked, found is not None, 0, 0)  # by the things' policy; not billed
            return (200, json.dumps(found).encode()) if found else (403, _words("Access Denied"))
        asked = needs(request.method, urllib.parse.unquote(path), query)
        if not asked:
            return 403, _words("Forbidden")
        thing, arn = self._certificates.thing(certificate), self._certificates.arn
        may = self._certificates.may(certificate, [(does, f"{arn}:{on}" if on != "*" else on) for does, on in asked])
        status, said = self._passed(thing, request, levels, query) if may else (403, _words("Forbidden"))
        if thing:
            self._count(thing, "https", asked, may, len(request.body), len(said))
        return status, said

    def _passed(self, thing: str, request: _Request, levels: list[str], query: str) -> tuple[int, bytes]:
        """The gateway's answer."""
        fields = dict(urllib.parse.parse_qsl(query))
        if request.target.startswith(_LIST):
            listed = sorted(self._named.get(levels[-1], ()))
            return 200, json.dumps({"results": listed, "timestamp": int(time.time())}).encode()
        link = http.client.HTTPConnection("127.0.0.1", self._gateway, timeout=30)
        with contextlib.closing(link):
            link.request(request.method, request.target, request.body, {"Authorization": self._root, THING: thing})
            answer = link.getresponse()
            status, said = answer.status, answer.read()
        if "name" in fields and status == 200 and request.method != "GET":
            names = self._named.setdefault(levels[2], set())
            (names.add if request.method == "POST" else names.discard)(fields["name"])
        return status, said


def _words(message: str) -> bytes:
    return json.dumps({"message": message}).encode()
