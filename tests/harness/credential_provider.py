"""AWS IoT's credential provider before the local AWS, which has none: keys for who shows a thing's certificate.

It stands in for https://docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html: the certificate must
be active in MiniStack, its policies (evaluated by MiniStack's own code) must allow iot:AssumeRoleWithCertificate, the
thing that is named must be its own, the role must trust the provider; the keys are those of MiniStack's STS. IAM there
knows no ${credentials-iot:ThingName}: the role is copied for each thing, with the name put in.
"""

import contextlib
import datetime
import hashlib
import json
import re
import socket
import ssl
import threading
from email.utils import format_datetime

import h11
from aws_iot_tools.cloud.front import Front
from botocore.exceptions import ClientError

from .board_tls import server_context
from .certificates import Authority
from .ministack import ACCOUNT, REGION, MiniStack

_ARN = f"arn:aws:iot:{REGION}:{ACCOUNT}"
_PATH = re.compile(r"/role-aliases/([\w=,@-]+)/credentials")
_SERVICE = "credentials.iot.amazonaws.com"
_ANYBODY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
_PIECE = b"<p>" * 1000
_PROXY = b"<html><body>Please sign in</body></html>"


class CredentialProvider:
    """`aliases`: {role alias: name of its role}. `seconds`: how long keys live. `late_s`: how late it is here.

    `trouble`: what it does in place of its work, "html" (a proxy's page), "endless" (one without an end), "busy",
    "cut", "silent"; or None. `asked`: the things that asked.
    """

    def __init__(self, ministack: MiniStack, authority: Authority, folder, host: str = "localhost") -> None:
        self.aliases, self.seconds, self.late_s, self.trouble, self.asked = {}, 3600, 0, None, []
        self._ministack = ministack
        self._context = server_context()
        self._context.load_cert_chain(*authority.issue("provider", hosts=[host]).write(folder, "provider"))
        self._context.load_verify_locations(cadata=ministack.ca)
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._front = Front(ministack.client("iot"), ministack.gateway, self._context)  # it knows what policies allow
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

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

    def _keys(self, alias, thing, certificate) -> tuple:
        denied = 403, {"message": "Access Denied"}
        try:
            if not self._may(alias, thing, hashlib.sha256(certificate).hexdigest()):
                return denied
            role = self.aliases[alias]
            if _SERVICE not in json.dumps(self._role(role)["AssumeRolePolicyDocument"]):
                return denied
            made = self.assume(role, thing)
        except (ClientError, KeyError):
            return denied
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.seconds - self.late_s)
        return 200, {
            "credentials": {
                "accessKeyId": made["AccessKeyId"], "secretAccessKey": made["SecretAccessKey"],
                "sessionToken": made["SessionToken"], "expiration": f"{end:%Y-%m-%dT%H:%M:%SZ}",
            }
        }  # fmt: skip

    def assume(self, role, thing) -> dict:
        """Keys of STS for a thing, by the name of a role: what AssumeRole calls Credentials."""
        made = self._ministack.client("sts").assume_role(
            RoleArn=self._copied(role, thing), RoleSessionName=thing, DurationSeconds=max(900, self.seconds)
        )
        return made["Credentials"]

    def _may(self, alias, thing, identity) -> bool:
        """Whether the certificate of this id is active, the thing's, and allowed to take the role alias."""
        iot = self._ministack.client("iot")
        found = iot.describe_certificate(certificateId=identity)["certificateDescription"]
        if found["certificateArn"] not in iot.list_thing_principals(thingName=thing)["principals"]:
            return False
        return self._front.may(identity, [("iot:AssumeRoleWithCertificate", f"{_ARN}:rolealias/{alias}")])

    def _role(self, name) -> dict:
        return self._ministack.client("iam").get_role(RoleName=name)["Role"]

    def _copied(self, role, thing) -> str:
        """The ARN of the role as it is for this thing."""
        iam = self._ministack.client("iam")
        copy = f"{role}-{thing}"
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName=copy, AssumeRolePolicyDocument=json.dumps(_ANYBODY))
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
            filled = document.replace("${credentials-iot:ThingName}", thing)
            iam.put_role_policy(RoleName=copy, PolicyName=name, PolicyDocument=filled)
        return self._role(copy)["Arn"]
