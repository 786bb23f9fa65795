"""What each door costs: `python -m tests.benchmarks.doors`.

32-bit MicroPython with the .mpy files that boards get, against the local AWS, all of it on this computer. Heap: growth
since the program's first line, connected with a delta handler, without the files that are lent. Report: from a Thing
that is made to a report that is accepted (thing.report_once), the best of five, with the bytes of TCP's payload both
ways, which are counted before TLS ends; and what that takes where each way to the server takes 25 ms more, those of
TCP's handshake, too. Were CONNECT in one record with what follows it, MQTT would save one of its round trips; AWS wants
to have answered first. Calls: thing.http.update by one connection, and the same by micropython-lib's requests (by
certificate what stands in for AWS takes the most of it, since it looks the certificate up for each). The WebSocket is
compared with mutual TLS at a Mosquitto, which serves both (doors_websocket.py).
"""

import contextlib
import json
import queue
import socket
import tempfile
import threading
import time
from pathlib import Path

from tests.harness import program
from tests.harness.board_tls import server_context
from tests.harness.certificates import Authority
from tests.harness.front import CertificateFront
from tests.harness.ministack import REGION, MiniStack
from tests.harness.relay import Relay, TlsFront
from tests.harness.runtimes import RUNTIMES, Process

from . import doors_websocket

_ALLOWED = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}
_HOST = f"a1b2c3-ats.iot.{REGION}.amazonaws.com"
_CALLS = 50
_TURNS = 5
_RUNTIME = RUNTIMES["mp32"]


class _Counting(Relay):
    """A relay that counts what passes."""

    def __init__(self, target_port: int) -> None:
        super().__init__(target_port)
        self.passed = 0
        self._counting = threading.Lock()

    def _pump(self, pair: dict) -> None:
        def carry(source, target):
            with contextlib.suppress(OSError):  # one of them has ended
                while data := source.recv(65536):
                    with self._counting:
                        self.passed += len(data)
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)

        threads = [threading.Thread(target=carry, args=each, daemon=True) for each in pair.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


class _Distant(Relay):
    """A relay to which each way takes longer; so does TCP's own handshake, which is the relay's: two ways more to
    begin. It counts the round trips: how often it was answered.
    """

    way_s = 0.025

    def __init__(self, target_port: int) -> None:
        super().__init__(target_port)
        self.trips = 0
        self._asked = False

    def _pump(self, pair: dict) -> None:
        begun = time.monotonic() + 2 * self.way_s
        self.trips += 1
        threads = []
        for number, (source, target) in enumerate(pair.items()):  # the device is the first
            on_its_way = queue.Queue()
            taking = source, on_its_way, begun, not number
            threads.append(threading.Thread(target=self._take, args=taking, daemon=True))
            threads.append(threading.Thread(target=self._bring, args=(target, on_its_way), daemon=True))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _take(self, source, on_its_way, begun, asks) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.trips += self._asked and not asks
                self._asked = asks
                on_its_way.put((max(time.monotonic(), begun) + self.way_s, data))
        on_its_way.put((time.monotonic() + self.way_s, b""))

    def _bring(self, target, on_its_way) -> None:
        with contextlib.suppress(OSError):
            while True:
                due, data = on_its_way.get()
                time.sleep(max(0, due - time.monotonic()))
                if not data:
                    break
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def _said(conf: Path, keys, what: str, of: str = "ours") -> int:
    words = program("benchmarks", f"doors_{of}"), conf, json.dumps(keys), what
    with Process(_RUNTIME, *words, heap="512k") as process:
        return process.expect("done", 120)["value"]


def _configured(door: str, port: int, folder: Path, conf: dict) -> Path:
    path = folder / f"{door}.conf.json"
    path.write_text(json.dumps({**conf, "door": door, "port": port}))
    return path


def _row(door: str, port: int, folder: Path, conf: dict, keys) -> str:
    with _Counting(port) as relay:
        path = _configured(door, relay.port, folder, conf)
        heap = _said(path, keys, "heap")
        relay.passed = 0
        near = min(_said(path, keys, "report") for _ in range(_TURNS))
        passed = relay.passed // _TURNS
    with _Distant(port) as relay:
        path = _configured(door, relay.port, folder, conf)
        far = min(_said(path, keys, "report") for _ in range(_TURNS))
        trips = relay.trips / _TURNS
    return f"| {door} | {heap:,} | {near:,.0f} | {passed:,} | {far:,.0f} | {trips:.1f} |"


def _calls(door: str, port: int, folder: Path, conf: dict, keys, of: str = "ours") -> str:
    with _Counting(port) as relay:
        path = _configured(door, relay.port, folder, conf)
        took_ms = min(_said(path, keys, str(_CALLS), of) for _ in range(_TURNS))
        passed = relay.passed // (_TURNS * (_CALLS + 1))
    return f"{1000 * _CALLS / took_ms:,.0f} | {passed:,} |"


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder, authority = Path(place), Authority()
        identity = authority.issue("iot", hosts=[_HOST, "localhost"])
        cloud = MiniStack(folder).start()
        context = server_context()
        context.load_cert_chain(*identity.write(folder, "iot"))
        try:
            with TlsFront(cloud.gateway, context) as signed, CertificateFront(cloud, identity, folder) as front:
                iam = cloud.client("iam")
                iam.create_user(UserName="bench")
                iam.put_user_policy(UserName="bench", PolicyName="iot", PolicyDocument=json.dumps(_ALLOWED))
                made = iam.create_access_key(UserName="bench")["AccessKey"]
                keys = made["AccessKeyId"], made["SecretAccessKey"], None
                thing = cloud.make_thing("bench", _ALLOWED)
                (folder / "certificate.pem.crt").write_text(thing.certificate)
                (folder / "private.pem.key").write_text(thing.key)
                (folder / "ca.pem").write_text(cloud.ca + authority.pem().decode())
                conf = {"endpoint": "localhost", "mqttid": "bench", "cacert": "ca.pem", "host": _HOST}
                print("| door | heap, bytes | report, ms | its bytes | 50 ms further away, ms | round trips |")
                print("|---|---:|---:|---:|---:|---:|")
                for door, port, own in (
                    ("mqtt", cloud.port, ()), ("wss", signed.port, keys), ("https", front.port, ()),
                    ("https-sigv4", signed.port, keys),
                ):  # fmt: skip
                    print(_row(door, port, folder, conf, own), flush=True)
                print("\n| reports one after the other | calls a second | bytes a call |\n|---|---:|---:|")
                place = folder, conf
                print("| https |", _calls("https", front.port, *place, ()), flush=True)
                print("| https-sigv4 |", _calls("https-sigv4", signed.port, *place, keys), flush=True)
                print("| https-sigv4, requests |", _calls("https-sigv4", signed.port, *place, keys, "requests"))
        finally:
            cloud.stop()
    doors_websocket.main()


if __name__ == "__main__":
    main()
