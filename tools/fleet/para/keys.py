"""The keys of apps, by which requests are signed."""

from __future__ import annotations

import re
import secrets

from ...errors import ToolError
from ...shapes import Json
from ...things.project import SERVED, Project
from . import objects
from .signatures import PREFIX
from .store import Store

_SECRET_BYTES = 40


def check_appid(appid: str) -> str:
    """Return the app's id; ToolError when AWS could not keep it as an attribute of things, or Para as an access key."""
    if not re.fullmatch(r"[a-zA-Z0-9_.-]{1,64}", appid):
        raise ToolError(f"{appid!r} is no app: 1 to 64 of a-z A-Z 0-9 _ . -")
    return appid


def new(project: Project, appid: str) -> Json:
    """Make a key for an app, in place of the one that it had; -> {"accessKey", "secretKey"}, this once."""
    check_appid(appid)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    store = _store(project)
    try:
        store.set_app(appid, secret, objects.now())
    finally:
        store.close()
    return {"accessKey": f"{PREFIX}{appid}", "secretKey": secret}


def apps(project: Project) -> list[str]:
    """The apps that have a key."""
    if not (project.resources / SERVED).is_dir():
        return []
    store = _store(project)
    try:
        return store.apps()
    finally:
        store.close()


def delete(project: Project, appid: str) -> None:
    """Take an app's key from it: its things stay; ToolError when it has none."""
    known = apps(project)
    if appid.removeprefix(PREFIX) not in known:
        raise ToolError(f"there is no app {appid}: there {'are ' + ', '.join(known) if known else 'is none'}")
    store = _store(project)
    try:
        store.remove_app(appid.removeprefix(PREFIX))
    finally:
        store.close()


def _store(project: Project) -> Store:
    project.resources.mkdir(mode=0o700, exist_ok=True)
    return Store(project.resources / SERVED)
