"""The local AWS's port 8443 for a test: tools/cloud/front.py in a thread of its own."""

import asyncio
import functools
import ssl
import threading

from aws_iot_tools.cloud.certificates import Certificates
from aws_iot_tools.cloud.front import Front

from .board_tls import server_context
from .ministack import REGION
from .ports import free_port


class CertificateFront:
    """HTTPS with a client certificate on `port`, before a MiniStack; `identity` is the server's."""

    def __init__(self, ministack, identity, folder) -> None:
        context = server_context()
        context.load_cert_chain(*identity.write(folder, "front"))
        context.load_verify_locations(cadata=ministack.ca)
        context.verify_mode = ssl.CERT_REQUIRED
        self.port = free_port()
        self._front = Front(Certificates(functools.cache(ministack.client), REGION), ministack.gateway, context)
        self._loop = asyncio.new_event_loop()

    def __enter__(self):
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._front.start("127.0.0.1", self.port), self._loop).result(30)
        return self

    def __exit__(self, *_) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @staticmethod
    async def _end() -> None:
        """End what still serves."""
        serving = asyncio.all_tasks() - {asyncio.current_task()}
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
