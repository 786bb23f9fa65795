"""HTTPS with a client certificate, AWS IoT's port 8443, in front of a local AWS that lacks it.

It stands in for what AWS does there: whose certificate is active is let in, each request needs an action of the
certificate's policies, and what is signed needs no signature. All else, MiniStack answers.
https://docs.aws.amazon.com/iot/latest/developerguide/http.html
https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-actions.html
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
from typing import Any

import h11

from . import ministack

_MOST_BYTES = 200_000
_SHADOW = {"GET": "iot:GetThingShadow", "POST": "iot:UpdateThingShadow", "DELETE": "iot:DeleteThingShadow"}
_LIST = "/api/things/shadow/ListNamedShadowsForThing/"
# MiniStack takes root's keys with any signature
_ROOT = "AWS4-HMAC-SHA256 Credential={key}/20200101/{region}/iotdata/aws4_request, SignedHeaders=host, Signature=0"


class Front:
    """Serves with the TLS `context`; `iot`, a boto3 client, knows the certificates, `gateway` is MiniStack's port."""

    def __init__(self, iot: Any, gateway: int, context: ssl.SSLContext, key: str = "test") -> None:
        context.verify_mode = ssl.CERT_REQUIRED
        self._iot, self._gateway, self._context = iot, gateway, context
        self._arn = f"arn:aws:iot:{iot.meta.region_name}:000000000000"
        self._root = _ROOT.format(key=key, region=iot.meta.region_name)
        self._named: dict[str, set[str]] = {}  # a thing's named shadows, which MiniStack does not list

    async def start(self, address: str, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._serve, address, port, ssl=self._context)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        shown = hashlib.sha256(writer.get_extra_info("ssl_object").getpeercert(True)).hexdigest()
        link = h11.Connection(h11.SERVER)
        with contextlib.suppress(OSError, h11.RemoteProtocolError):
            while request := await self._request(link, reader):
                status, body = await asyncio.to_thread(self._answer, shown, *request)
                date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
                headers = [("content-type", "application/json"), ("content-length", str(len(body))), ("date", date)]
                for event in (h11.Response(status_code=status, headers=headers), h11.Data(body), h11.EndOfMessage()):
                    writer.write(link.send(event) or b"")
                await writer.drain()
                if link.our_state is not h11.DONE:
                    break
                link.start_next_cycle()
        writer.close()

    @staticmethod
    async def _request(link: h11.Connection, reader: asyncio.StreamReader) -> tuple[str, str, bytes] | None:
        """(method, target, body) of the next request, or None: the client has gone."""
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
                return head.method.decode(), head.target.decode(), body
            else:
                return None

    def _answer(self, certificate: str, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        path, _, query = target.partition("?")
        fields = dict(urllib.parse.parse_qsl(query))
        needs = self._needs(method, path, fields)
        if not needs:
            return 400, _words("InvalidRequestException")
        if not self.may(certificate, needs):
            return 403, _words("Forbidden")
        if path.startswith(_LIST):
            listed = sorted(self._named.get(urllib.parse.unquote(path[len(_LIST) :]), ()))
            return 200, json.dumps({"results": listed, "timestamp": int(time.time())}).encode()
        link = http.client.HTTPConnection("127.0.0.1", self._gateway, timeout=30)
        with contextlib.closing(link):
            link.request(method, target, body, {"Authorization": self._root})
            answer = link.getresponse()
            status, said = answer.status, answer.read()
        if "name" in fields and status == 200 and method != "GET":
            names = self._named.setdefault(urllib.parse.unquote(path.split("/")[2]), set())
            (names.add if method == "POST" else names.discard)(fields["name"])
        return status, said

    def _needs(self, method: str, path: str, fields: dict[str, str]) -> list[tuple[str, str]]:
        """The actions that a request needs, each with its resource."""
        levels = [urllib.parse.unquote(level) for level in path.split("/")]
        match (method, *levels[1:]):
            case (_, "things", thing, "shadow") if method in _SHADOW:
                name = "/" + fields["name"] if "name" in fields else ""
                return [(_SHADOW[method], f"{self._arn}:thing/{thing}{name}")]
            case ("GET", "api", "things", "shadow", "ListNamedShadowsForThing", thing):
                return [("iot:ListNamedShadowsForThing", f"{self._arn}:thing/{thing}")]
            case ("POST", "topics", *topic):
                resource = f"{self._arn}:topic/{'/'.join(topic)}"
                retain = [("iot:RetainPublish", resource)] if fields.get("retain") == "true" else []
                return [("iot:Publish", resource), *retain]
            case ("GET", "retainedMessage"):
                return [("iot:ListRetainedMessages", "*")]
            case ("GET", "retainedMessage", *topic):
                return [("iot:GetRetainedMessage", f"{self._arn}:topic/{'/'.join(topic)}")]
        return []

    def may(self, certificate: str, needs: list[tuple[str, str]]) -> bool:
        """Whether the certificate is active, and its policies allow that.

        Variables of the thing are not filled in: they need a client id, which HTTPS has not.
        https://docs.aws.amazon.com/iot/latest/developerguide/thing-policy-variables.html
        """
        try:
            known = self._iot.describe_certificate(certificateId=certificate)["certificateDescription"]
        except self._iot.exceptions.ResourceNotFoundException:
            return False
        attached = self._iot.list_attached_policies(target=known["certificateArn"])["policies"]
        documents = [self._iot.get_policy(policyName=each["policyName"])["policyDocument"] for each in attached]
        judge = ministack.module("core.iam_evaluator")
        policies = [judge.parse_policy_document(document) for document in documents]
        principal = known["certificateArn"], "Certificate", "000000000000"
        return known["status"] == "ACTIVE" and all(
            judge.evaluate(judge.EvalContext(*principal, *need, "us-east-1"), policies).decision == "Allow"
            for need in needs
        )


def _words(message: str) -> bytes:
    return json.dumps({"message": message}).encode()
