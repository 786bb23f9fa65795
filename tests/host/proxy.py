"""A proxy before the local AWS that adds latency, refuses calls and records when each was made.

It stands in for the distance to AWS, for its throttling and its refusals
(https://docs.aws.amazon.com/general/latest/gr/iot-core.html), and answers the calls that MiniStack lacks.
"""

import http.client
import json
import re
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# REST paths of AWS IoT's operations, as in the API reference.
_OPERATIONS = (
    ("CreateThing", "POST", r"/things/[^/]+"),
    ("DeleteThing", "DELETE", r"/things/[^/]+"),
    ("AttachThingPrincipal", "PUT", r"/things/[^/]+/principals"),
    ("DetachThingPrincipal", "DELETE", r"/things/[^/]+/principals"),
    ("AttachPolicy", "PUT", r"/target-policies/[^/]+"),
    ("DetachPolicy", "POST", r"/target-policies/[^/]+"),
    ("CreateCertificateFromCsr", "POST", r"/certificates"),
    ("CreateKeysAndCertificate", "POST", r"/keys-and-certificate"),
    ("UpdateCertificate", "PUT", r"/certificates/[^/]+"),
    ("DeleteCertificate", "DELETE", r"/certificates/[^/]+"),
    ("CreateTopicRule", "POST", r"/rules/[^/]+"),
    ("CreateStream", "POST", r"/streams/[^/]+"),
    ("DescribeStream", "GET", r"/streams/[^/]+"),
    ("DeleteJob", "DELETE", r"/jobs/[^/]+"),
    ("DescribeJob", "GET", r"/jobs/[^/]+"),
    ("ListJobExecutionsForJob", "GET", r"/jobs/[^/]+/things"),
    ("GetThingShadow", "GET", r"/things/[^/]+/shadow"),
    ("ListNamedShadowsForThing", "GET", r"/api/things/shadow/ListNamedShadowsForThing/[^/]+"),
)


class Proxy:
    """`url` is what to use as the endpoint; `calls` is [(seconds, operation or path)].

    refuse[operation] = (times, status, error code): that many calls are refused, without the local AWS seeing them.
    answers[operation] = function of the request's body that gives the answer's document, instead of the local AWS.
    """

    def __init__(self, target: str, latency_s: float = 0) -> None:
        self.target = urllib.parse.urlparse(target)
        self.latency_s = latency_s
        self.refuse = {}
        self.answers = {}
        self.calls = []
        self._lock = threading.Lock()
        self._local = threading.local()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()

    def count(self, operation: str) -> int:
        return sum(name == operation for _, name in self.calls)

    def note(self, method: str, path: str) -> str:
        path = path.partition("?")[0]
        found = (name for name, verb, form in _OPERATIONS if verb == method and re.fullmatch(form, path))
        operation = next(found, path)
        with self._lock:
            self.calls.append((time.monotonic(), operation))
        return operation

    def verdict(self, operation: str):
        """(status, error code) for a call that is to be refused, or None."""
        with self._lock:
            times, status, code = self.refuse.get(operation, (0, 0, ""))
            if not times:
                return None
            self.refuse[operation] = (times - 1, status, code)
            return status, code

    def _handler(proxy):  # noqa: N805  the handler has a self of its own
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def _pass(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                operation = proxy.note(self.command, self.path)
                time.sleep(proxy.latency_s)
                refused = proxy.verdict(operation)
                if refused:
                    document = json.dumps({"message": f"played: {refused[1]}"}).encode()
                    self._answer(refused[0], [("x-amzn-ErrorType", refused[1])], document)
                elif operation in proxy.answers:
                    document = json.dumps(proxy.answers[operation](body)).encode()
                    self._answer(200, [("Content-Type", "application/json")], document)
                else:
                    self._answer(*proxy.forward(self.command, self.path, dict(self.headers), body))

            def _answer(self, status, headers, body):
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _pass

        return Handler

    def forward(self, method, path, headers, body):
        """The local AWS's (status, headers, body); the Host header stays, for it is signed."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(self.target.hostname, self.target.port, timeout=90)
            self._local.connection = connection
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()
