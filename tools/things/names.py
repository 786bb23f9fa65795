"""AWS's patterns for names, checked before any call is made.

https://docs.aws.amazon.com/iot/latest/apireference/API_CreateThing.html (and CreatePolicy)
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

from aws_iot.names import check_name

from ..errors import ToolError

_NOT_THERE = re.compile(r".*:.*|.*\.|(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def split(name: str) -> tuple[str, int]:
    """("base", 12) of "base_12": the order and the numbering of things."""
    match = re.fullmatch(r"(.*)_(\d+)", name)
    return (match[1], int(match[2])) if match else (name, -1)


def check_thing(name: str) -> str:
    """Return the thing name; ToolError when AWS would refuse it."""
    return _by_library(check_name, name)


def check_kept(name: str) -> str:
    """check_thing() of one whose certificate and key are kept in a folder of its name."""
    return check_thing(_check_folder(name))


def check_shadow(name: str) -> str:
    """Return the shadow name; ToolError when AWS would refuse it."""
    return _by_library(check_name, name, 64, b"$:_-", "shadow")


def check_policy(name: str) -> str:
    """Return the policy name; ToolError when AWS would refuse it."""
    return _by_pattern("policy name", name, r"[\w+=,.@-]{1,128}", "1 to 128 of a-z A-Z 0-9 _ + = , . @ -")


def check_project(name: str) -> str:
    """Return the project name; ToolError when it is no name for a folder and, with "-policy", for a policy."""
    _check_folder(name)
    return _by_pattern("project name", name, r"[a-zA-Z0-9_-][a-zA-Z0-9_.-]{0,63}", "1 to 64 of a-z A-Z 0-9 _ . -")


def check_role_alias(name: str) -> str:
    """Return the name; ToolError when AWS would refuse it for a role alias or, in IAM, for its role."""
    return _by_pattern("name of a role alias", name, r"[\w=,@-]{1,64}", "1 to 64 of a-z A-Z 0-9 _ = , @ -")


def check_rule(name: str) -> str:
    """Return the name; ToolError when AWS would refuse it for a rule."""
    return _by_pattern("name of a rule", name, r"\w{1,128}", "1 to 128 of a-z A-Z 0-9 _")


def check_bucket(name: str) -> str:
    """Return the name; ToolError when it is no bucket's of S3."""
    return _by_pattern("bucket", name, r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "3 to 63 of a-z 0-9 . -")


def _check_folder(name: str) -> str:
    """Return the name; ToolError when Windows has no folder that is called so, and this is one.

    https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
    """
    if sys.platform == "win32" and _NOT_THERE.fullmatch(name):
        raise ToolError(f"{name}: Windows has no folder of this name: take another")
    return name


def _by_library(check: Callable[..., str], name: str, *limits: Any) -> str:
    strange = next((letter for letter in name if not letter.isascii()), None)
    if strange:  # the library, for boards, speaks of its bytes
        raise ToolError(f"{name!r} is not allowed as a name in AWS IoT: {strange!r} is not allowed")
    try:
        return check(name, *limits)
    except ValueError as error:
        raise ToolError(f"{name!r} is not allowed as a name in AWS IoT: {error}") from error


def _by_pattern(kind: str, name: str, pattern: str, words: str) -> str:
    if not re.fullmatch(pattern, name, re.ASCII):
        raise ToolError(f"{name!r} is no {kind}: {words}")
    return name
