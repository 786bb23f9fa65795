"""The pages of reference: what is public, by the stubs; events, options and counters; the commands' help."""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import os
import re
from pathlib import Path
from typing import Any

import click

from .. import main as thing
from ..cache import ROOT

_LIBRARY = ROOT / "aws_iot"
_FIRST = ("__init__", "thing")  # of a package's files: what a program begins with


def pages() -> dict[str, str]:
    """{file: its text}: one of each package of the library, one of tables, one of commands."""
    found: dict[str, str] = {}
    for package in sorted({stub.parent for stub in _LIBRARY.rglob("*.pyi")}):
        name = ".".join(package.relative_to(ROOT).parts)
        stubs = sorted(package.glob("*.pyi"), key=lambda stub: (stub.stem not in _FIRST, stub.stem))
        modules = [_module(stub) for stub in stubs if _has_names(stub)]
        text = [f"# {name}\n", "What is not here may change in any version ([what is stable](../docs/stable.md)).\n"]
        if given := _given(package / "__init__.pyi"):
            text.append(f"`{name}` itself gives {', '.join(f'`{each}`' for each in given)}.\n")
        found[f"{package.name}.md"] = "\n".join([*text, *(f"::: {module}\n" for module in modules)])
    found["tables.md"] = _tables()
    found["commands.md"] = _commands()
    return found


def _module(stub: Path) -> str:
    return ".".join(stub.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _has_names(stub: Path) -> bool:
    """Whether it defines something that is shown, beside what it imports."""
    nodes = [node for node in ast.parse(stub.read_text()).body if not isinstance(node, (ast.Import, ast.ImportFrom))]
    return any(not ast.unparse(node).startswith("__") for node in nodes)


def _given(stub: Path) -> list[str]:
    """What a package hands on of its files: imported under its own name, as PEP 484 has it."""
    nodes = [node for node in ast.parse(stub.read_text()).body if isinstance(node, ast.ImportFrom)]
    return [each.name for node in nodes for each in node.names if each.asname == each.name]


# event -> its value, when it comes
EVENTS = {
    "connecting": ("None", "an attempt begins"),
    "connected": ("bool", "CONNACK came; whether the broker had kept a session"),
    "ready": ("None", "all subscriptions are acknowledged: what was accepted flows"),
    "disconnected": ("LinkError, ProtocolError, None", "a link or an attempt ended, and why; None: `disconnect()`"),
    "puback": ("int", "AWS has the QoS 1 message with this packet id"),
    "pingresp": ("None", "the answer to a PINGREQ"),
    "data": ("(topic, payload)", "a message that no handler took"),
    "error": ("exception", "something cost one message, and no `on_error` is set"),
}
COUNTERS = {
    "connects": "connections that CONNACK accepted",
    "sent": "publishes written, copies not counted",
    "resent": "copies of QoS 1 publishes, for want of a PUBACK",
    "received": "messages that came",
    "errors": "what `on_error` was told, or would have been",
}
OPTIONS = {
    "endpoint": "the account's endpoint, of type `iot:Data-ATS`",
    "client_id": "by which AWS knows the connection; one at a time",
    "certificate": "the content of the thing's certificate",
    "key": "the content of its private key, or a function that signs",
    "thingname": "`client_id` unless given",
    "ca": "the authorities of the server; Amazon's roots unless given",
    "port": "that of the door unless given: 8883, 443 or 8443",
    "keepalive": "seconds, 1 to 1,200: a PINGREQ goes out after three quarters of them in silence",
    "window": "QoS 1 publishes in flight",
    "shadow_topics": "the response topics that a delta handler subscribes to; all unless given",
    "limit_bytes": "of a report as compact JSON, 8,192 to 30,720",
    "cacert": "Zerynth's name for `ca`",
    "door": "`mqtt`, `wss`, `https` or `https-sigv4`",
    "keys": "a function that gives AWS keys, for doors that sign",
    "host": "the server's name, where `endpoint` is an address",
    "region": "that of the signature; the endpoint's unless given",
    "poll_ms": "by HTTPS: how often a shadow is asked for; 60,000 unless given",
    "role_alias": "in place of `keys`: they are fetched by the certificate",
    "credentials": "the address of the credential provider for that",
    "clean_session": "whether AWS is to forget what belongs to the last connection",
    "queue_bytes": "QoS 1 packets kept until PUBACK",
    "packet_bytes": "the largest packet that is taken",
    "timeout_ms": "of each stage of connecting, and of calls that wait",
    "ticks_ms": "the clock, for tests",
    "random": "of the back-off, for tests",
}


def options() -> list[tuple[str, str, str]]:
    """(name, type, default) of each of Thing's."""
    tree = ast.parse((_LIBRARY / "thing.pyi").read_text())
    (thing_class,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Thing"]
    (init,) = [node for node in thing_class.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"]
    places, named = init.args.args[1:], init.args.kwonlyargs
    defaults: list[Any] = [None] * (len(places) - len(init.args.defaults)) + init.args.defaults + init.args.kw_defaults
    return [
        (each.arg, ast.unparse(each.annotation) if each.annotation else "", ast.unparse(value) if value else "")
        for each, value in zip([*places, *named], defaults, strict=True)
    ]


def _tables() -> str:
    lines = ["# Events, options, counters\n", "## Events of `on_event`\n", "| event | value | when |", "|---|---|---|"]
    lines += [f"| `{name}` | {value} | {when} |" for name, (value, when) in EVENTS.items()]
    lines += ["\n## Options of `Thing`\n", "| option | type | default | what |", "|---|---|---|---|"]
    for name, kind, default in options():
        shown = kind.replace("|", "\\|")
        lines.append(f"| `{name}` | `{shown}` | {f'`{default}`' if default else ''} | {OPTIONS.get(name, '')} |")
    lines += ["\n## Counters in `stats`\n", "| counter | what it counts |", "|---|---|"]
    lines += [f"| `{name}` | {what} |" for name, what in COUNTERS.items()]
    return "\n".join(lines) + "\n"


def _commands() -> str:
    text = ["# The commands of `thing`\n", "As `--help` tells. [The command](../docs/tools.md) has the walk.\n"]
    for words in [(), *_words()]:
        text.append(f"## thing {' '.join(words)}".rstrip() + f"\n\n```text\n{_help(*words)}```\n")
    return "\n".join(text)


def _words() -> list[tuple[str, ...]]:
    """Each command, by its short name, and its subcommands."""
    found: list[tuple[str, ...]] = []
    for name, (module, short, _) in thing.COMMANDS.items():
        command = importlib.import_module(f"..commands.{module}", __package__).command
        found.append((short or name,))
        if isinstance(command, click.Group):
            found += [(short or name, each) for each in command.commands]
    return found


def _help(*words: str) -> str:
    printed = io.StringIO()
    columns, os.environ["COLUMNS"] = os.environ.get("COLUMNS"), "100"
    try:
        with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
            thing.main([*words, "--help"])
    finally:
        os.environ.pop("COLUMNS")
        if columns is not None:
            os.environ["COLUMNS"] = columns
    return re.sub(r"[ \t]+$", "", printed.getvalue(), flags=re.MULTILINE)
