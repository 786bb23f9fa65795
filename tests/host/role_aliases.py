"""Role aliases, which MiniStack lacks, before that of a test: those of tools/cloud/role_aliases.py, in a proxy."""

import json
import re
from collections.abc import Callable

from aws_iot_tools.cloud import role_aliases

from .proxy import Proxy


class RoleAliases(Proxy):
    """`has_role(name)` is MiniStack's."""

    def __init__(self, target: str, account: str, region: str, has_role: Callable[[str], bool]) -> None:
        super().__init__(target)
        self._place = account, region
        self._kind = role_aliases.RoleAliases(None, lambda account, name: has_role(name))

    @property
    def aliases(self) -> dict:
        """{name: {"roleAlias", "roleArn", "credentialDurationSeconds"}}"""
        return self._kind.aliases

    def forward(self, method, path, headers, body):
        found = re.fullmatch(r"/role-aliases(?:/([\w=,@-]*))?/?(?:\?.*)?", path)
        if not found:
            return super().forward(method, path, headers, body)
        status, document, error = self._kind.call(method, found[1] or "")(*self._place, body)
        kind = [("x-amzn-ErrorType", error)] if error else []
        return status, [("Content-Type", "application/json"), *kind], json.dumps(document).encode()
