"""A file server with TLS, Range and faults: what S3 does with presigned URLs, and what MiniStack does not play of it.

Plays GetObject (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html): 200 or 206 with Content-Range, 403
with S3's XML once a URL has expired, 404 for what is not there.
"""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.harness.board_tls import server_context

_EXPIRED = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_) -> None:
        pass

    def do_GET(self) -> None:
        files = self.server.files
        files.requests.append((self.path, self.headers.get("Range")))
        path, _, query = self.path.partition("?")
        if path in files.redirects:
            place = files.redirects[path]
            self._answer(307, [("Location", place)] if place else [], b"")
        elif path not in files.content:
            self._answer(404, [], b"<Error><Code>NoSuchKey</Code></Error>")
        elif query in files.expired:
            self._answer(403, [], _EXPIRED)
        else:
            self._send(files.content[path])

    def _send(self, data: bytes) -> None:
        files = self.server.files
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        start = int(wanted.group(1)) if wanted and files.ranges else 0
        headers = [("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")] if wanted and files.ranges else []
        self._answer(206 if headers else 200, headers + files.headers, data[start:])

    def _answer(self, status: int, headers: list, body: bytes) -> None:
        files = self.server.files
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name == "Content-Length" for name, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        limit = files.cuts.pop(0) if files.cuts and status in (200, 206) else None
        if limit is None:
            self.wfile.write(body)
        else:
            self.wfile.write(body[:limit])
            self.wfile.flush()
            files.stalled.wait(files.stall_s)
            self.connection.close()


class Files:
    """The server on `port`; `content`: {path: bytes}.

    `cuts`: for the next answers, after how many bytes of the body the connection is cut (None: not), `stall_s` later.
    `expired`: queries that get 403. `ranges`: whether Range is honoured. `redirects`: {path: URL}. `headers`: more.
    """

    def __init__(self, identity=None, folder=None) -> None:
        self.content, self.requests, self.redirects = {}, [], {}
        self.cuts, self.expired, self.headers = [], set(), []
        self.ranges, self.stall_s = True, 0.0
        self.stalled = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.files = self
        self._server.handle_error = lambda *_: None
        self.port = self._server.server_address[1]
        self.scheme = "http"
        if identity:
            self.scheme = "https"
            context = server_context()
            context.load_cert_chain(*identity.write(folder, "files"))
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.stalled.set()
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str, query: str = "") -> str:
        return f"{self.scheme}://localhost:{self.port}{path}{'?' + query if query else ''}"
