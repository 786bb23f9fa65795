"""Para's API over the local AWS, served from this process, and requests to it as programs send them."""

import contextlib
import http.client
import json
import threading
import time

from aws_iot_tools.cloud.aws import Aws
from aws_iot_tools.fleet.para import keys, recovery, server
from aws_iot_tools.fleet.para.service import Things
from aws_iot_tools.fleet.para.store import Store
from aws_iot_tools.things import place
from aws_iot_tools.things.project import SERVED, Project
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from paraclient.paraclient import ParaClient


class Answer:
    """status, headers, and the document, or the text that is none."""

    def __init__(self, status: int, headers: dict, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body
        self.json = json.loads(body) if headers.get("content-type") == "application/json" else body.decode()


class Api:
    """A server of a project's API: url; client(app) and ask(...) are of programs that have keys."""

    def __init__(self, folder, url: str, region: str) -> None:
        self.project = Project.open(folder)
        self.aws = Aws(region=region, endpoint_url=url)
        place.note(self.aws, self.project)
        self.store = Store(self.project.resources / SERVED)
        self.things = Things(self.aws, self.project, self.store)
        self._keys = {}

    def __enter__(self):
        self.settle()
        listening, ready = server.listen(0), threading.Event()
        self.port = listening.getsockname()[1]
        self._server = server.make(self.things, listening, lambda _: ready.set())
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listening]})
        self._thread.start()
        assert ready.wait(60)
        return self

    def __exit__(self, *_) -> None:
        self._server.should_exit = True
        self._thread.join(60)
        self.store.close()

    def settle(self) -> None:
        """What `thing serve` does at its start."""
        recovery.settle(self.things, lambda _total: contextlib.nullcontext(lambda: None))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def keys(self, app: str = "myapp") -> dict:
        if app not in self._keys:
            self._keys[app] = keys.new(self.project, app)
        return self._keys[app]

    def client(self, app: str = "myapp") -> ParaClient:
        return client(self.url, self.keys(app))

    def signed(self, method: str, path: str, body: bytes = b"", app: str = "myapp", secret=None, date=None) -> dict:
        """The headers of a request that an app has signed; date: what AWS's clocks are to be."""
        pair = self.keys(app)
        request = AWSRequest(method, self.url + path, data=body)
        request.headers["Host"] = f"127.0.0.1:{self.port}"
        request.context["timestamp"] = date or time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        request.headers["X-Amz-Date"] = request.context["timestamp"]
        signer = SigV4Auth(Credentials(pair["accessKey"], secret or pair["secretKey"]), "para", "us-east-1")
        text = signer.string_to_sign(request, signer.canonical_request(request))
        scope = f"{pair['accessKey']}/{request.context['timestamp'][:8]}/us-east-1/para/aws4_request"
        names = signer.signed_headers(signer.headers_to_sign(request))
        signature = signer.signature(text, request)
        value = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}"
        return {"X-Amz-Date": request.context["timestamp"], "Authorization": value}

    def ask(self, method: str, path: str, given=None, headers=None, **signing) -> Answer:
        """Send a request; given: its body, as a document or bytes; headers: in place of those that sign it."""
        body = given if isinstance(given, bytes) else b"" if given is None else json.dumps(given).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            sent = headers if headers is not None else self.signed(method, path, body, **signing)
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            got = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, got, answer.read())
        finally:
            connection.close()


def client(url: str, pair: dict) -> ParaClient:
    """Para's own client with an app's keys."""
    made = ParaClient(pair["accessKey"], pair["secretKey"])
    made.setEndpoint(url)
    return made
