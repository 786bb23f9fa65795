"""A heap that hardly holds a connection, on 32-bit MicroPython; TLS has its memory outside of it, as on an ESP32."""

import asyncio
import ssl

import pytest

from tests.harness import frozen, program
from tests.harness.broker import Broker
from tests.harness.runtimes import RUNTIMES, Process

_SCRIPT = program("system", "small_heap")
_SOON_S = 60


@pytest.fixture
def pki(tmp_path, authority):
    """The server's context, and the files of the CA, the thing's certificate and its key."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.maximum_version = ssl.TLSVersion.TLSv1_2  # an ESP32's
    server.load_cert_chain(*authority.issue("server", hosts=["localhost"]).write(tmp_path, "server"))
    (tmp_path / "ca.pem").write_bytes(authority.pem())
    return server, (tmp_path / "ca.pem", *authority.issue("thing").write(tmp_path, "thing"))


async def _broken(pki, heap, then):
    """Connect, have the link closed, and see `then(device)`."""
    server, files = pki
    async with Broker(tls=server) as broker:
        with Process(RUNTIMES["mp32"], _SCRIPT, broker.port, *files, heap=heap) as device:
            await asyncio.to_thread(device.expect, "ready", _SOON_S)
            await asyncio.to_thread(device.expect, "polled", _SOON_S)
            broker.live()[0].close()
            await asyncio.to_thread(then, device)


def test_a_link_that_breaks_in_32_kb_is_noticed_at_little_cost(pki):
    """What the memory allows beyond that is told: why, and that there is too little to connect again."""

    def then(device):
        device.expect("polled", _SOON_S, connected=False)
        counts = [device.expect("polled", _SOON_S)["count"] for _ in range(3)]
        assert max(counts) < 20, counts

    asyncio.run(_broken(pki, frozen.heap(32), then))


def test_a_link_that_breaks_in_36_kb_is_told_and_made_anew(pki):
    def then(device):
        assert "closed" in device.expect("disconnected", _SOON_S)["value"]
        device.expect("ready", _SOON_S)

    asyncio.run(_broken(pki, frozen.heap(36), then))
