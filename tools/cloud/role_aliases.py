"""Role aliases, which MiniStack lacks.

They stand in for https://docs.aws.amazon.com/iot/latest/apireference/API_CreateRoleAlias.html with its neighbours
(Describe, Update, List, Delete).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from .. import journal
from ..shapes import Json
from .lacking import MISSING, Answer, Call

_DEFAULT_S = 3600


class RoleAliases:
    """The role aliases, in a file of their own (None: as long as this lives). `has_role(account, name)`: whether IAM
    has that; `gone(role)` is called when an alias of this role was deleted."""

    def __init__(
        self,
        path: Path | None,
        has_role: Callable[[str, str], bool],
        gone: Callable[[str], object] = lambda role: None,
    ) -> None:
        self._path, self._has_role, self._gone = path, has_role, gone
        self.aliases: Json = journal.read_json(path) if path and path.exists() else {}

    def find(self, name: str) -> Json | None:
        """The alias of a name: roleAlias, roleArn, credentialDurationSeconds."""
        return self.aliases.get(name)

    def call(self, method: str, name: str) -> Call | None:
        """What answers a request for the alias of a name, or for all of them."""
        if not name:
            return (lambda *_: (200, {"roleAliases": sorted(self.aliases)}, "")) if method == "GET" else None
        if method == "POST":
            return lambda account, region, body: self._create(name, account, region, json.loads(body))
        if method in ("GET", "PUT", "DELETE") and name not in self.aliases:
            return lambda *_: MISSING
        if method == "GET":
            return lambda account, region, _: (200, {"roleAliasDescription": self._told(name, account, region)}, "")
        if method == "PUT":
            return lambda account, region, body: self._update(name, account, region, json.loads(body))
        if method == "DELETE":
            return lambda *_: self._delete(name)
        return None

    def _told(self, name: str, account: str, region: str) -> Json:
        return {**self.aliases[name], "roleAliasArn": f"arn:aws:iot:{region}:{account}:rolealias/{name}"}

    def _create(self, name: str, account: str, region: str, asked: Json) -> Answer:
        if name in self.aliases:
            return 409, {"message": f"there is a role alias {name} already"}, "ResourceAlreadyExistsException"
        return self._set(name, account, region, {"credentialDurationSeconds": _DEFAULT_S, **asked})

    def _update(self, name: str, account: str, region: str, asked: Json) -> Answer:
        return self._set(name, account, region, {**self.aliases[name], **asked})

    def _set(self, name: str, account: str, region: str, asked: Json) -> Answer:
        if not self._has_role(account, asked["roleArn"].rpartition("/")[2]):
            return 400, {"message": f"there is no role {asked['roleArn']}"}, "InvalidRequestException"
        fields = {field: asked[field] for field in ("roleArn", "credentialDurationSeconds")}
        self._keep({**self.aliases, name: {"roleAlias": name, **fields}})
        return 200, {"roleAlias": name, "roleAliasArn": self._told(name, account, region)["roleAliasArn"]}, ""

    def _delete(self, name: str) -> Answer:
        role = self.aliases[name]["roleArn"].rpartition("/")[2]
        self._keep({each: alias for each, alias in self.aliases.items() if each != name})
        self._gone(role)
        return 200, {}, ""

    def _keep(self, aliases: Json) -> None:
        if self._path:
            journal.write_json(self._path, aliases, journal.SECRET)
        self.aliases = aliases
