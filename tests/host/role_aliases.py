"""Role aliases, which MiniStack lacks: a proxy before it that keeps them, and asks MiniStack's IAM for the role.

https://docs.aws.amazon.com/iot/latest/apireference/API_CreateRoleAlias.html (Describe, Update, List, Delete)
"""

import json
import re
from collections.abc import Callable

from .proxy import Proxy

_JSON = [("Content-Type", "application/json")]


class RoleAliases(Proxy):
    """`aliases`: {name: {"roleAlias", "roleArn", "credentialDurationSeconds"}}; `has_role(name)` is MiniStack's."""

    def __init__(self, target: str, region: str, has_role: Callable[[str], bool]) -> None:
        super().__init__(target)
        self.region, self.has_role, self.aliases = region, has_role, {}

    def forward(self, method, path, headers, body):
        found = re.fullmatch(r"/role-aliases(?:/([\w=,@-]*))?/?(?:\?.*)?", path)
        if not found:
            return super().forward(method, path, headers, body)
        status, document = self._answer(method, found[1], json.loads(body or b"{}"))
        kind = [("x-amzn-ErrorType", document["code"])] if status != 200 else []
        return status, _JSON + kind, json.dumps(document).encode()

    def _answer(self, method, name, document):
        alias = self.aliases.get(name)
        if method == "GET" and not name:
            return 200, {"roleAliases": sorted(self.aliases)}
        if method == "POST":
            if alias:
                return 409, {"code": "ResourceAlreadyExistsException", "message": "played: there"}
            role = document["roleArn"]
            if not self.has_role(role.rpartition("/")[2]):
                return 400, {"code": "InvalidRequestException", "message": f"played: no role {role}"}
            self.aliases[name] = {"roleAlias": name, "credentialDurationSeconds": 3600, **document}
        elif not alias:
            return 404, {"code": "ResourceNotFoundException", "message": "played: not there"}
        elif method == "PUT":
            alias.update(document)
        elif method == "DELETE":
            del self.aliases[name]
        return 200, {"roleAliasDescription": alias} if method == "GET" else {"roleAlias": name}
