"""The doors of the local AWS beside MQTT's, each at a port of its own: HTTPS with a certificate, where the credential
provider answers too, and HTTPS and the WebSocket with AWS keys.
"""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..shapes import Client
from . import ministack, tls
from .certificates import Certificates
from .front import Front
from .provider import Provider
from .role_aliases import RoleAliases
from .usage import Usage

if TYPE_CHECKING:
    from .aws import Aws


class Doors:
    """The doors of a region of MiniStack, whose gateway is on the port `gateway`; what things call is counted."""

    def __init__(self, folder: Path, region: str, gateway: int, usage: Usage) -> None:
        self._folder, self._region, self._gateway, self._usage = folder, region, gateway, usage
        self.aliases = RoleAliases(folder / "role-aliases.json", _has_role, self._forget)
        self._certificates = Certificates(self._client, region)
        self._provider = Provider(self._client, self._certificates, self.aliases.find)
        self._servers: list[asyncio.Server] = []

    async def open(self, addresses: list[str], https_port: int, sigv4_port: int) -> None:
        """Serve at these addresses, under MiniStack's CA. OSError when somebody has a port."""
        demanding, plain = await ministack.contexts(self._folder)
        loop = asyncio.get_running_loop()

        def count(*call: Any) -> None:
            loop.call_soon_threadsafe(self._usage.called, *call)

        front = Front(self._certificates, self._gateway, demanding, self._provider, count)
        for address in addresses:
            self._servers.append(await front.start(address, https_port))
            self._servers.append(await tls.relay(plain, address, sigv4_port, self._gateway))

    @functools.cached_property
    def _aws(self) -> Aws:
        from .aws import Aws  # boto3 takes a third of a second, and 25 MB: only who asks has to have it

        return Aws(region=self._region, endpoint_url=f"http://127.0.0.1:{self._gateway}")

    def _client(self, service: str) -> Client:
        return self._aws.client(service)

    def _forget(self, role: str) -> None:
        """The alias of a role was deleted."""
        asyncio.get_running_loop().run_in_executor(None, self._provider.forget, role)


def _has_role(account: str, name: str) -> bool:
    return ministack.module("services.iam")._roles.get_scoped(account, None, name) is not None
