"""MiniStack as a library: each name of it that no page documents, in one list, and what is put in the place of some.

A test takes the list through the installed version: one that has moved a name fails there, not at a user's.
"""

from __future__ import annotations

import asyncio
import importlib
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import journal, pki

PRIVATE = {
    "ministack.app": (
        "app", "_state_map", "_get_module", "_load_persisted_state", "_build_persistence_save_dict", "_iot_mtls_state",
    ),
    "ministack.core.persistence": ("save_state", "load_state", "_json_default", "_state_format_version"),
    "ministack.core.iam_evaluator": (
        "is_root_access_key", "EvalContext", "evaluate", "parse_policy_document", "resolve_credential",
    ),
    "ministack.services.iot": (
        "generate_ca", "_ensure_ca", "_ca_cert_pem", "_ca_key_pem", "_feed_session", "_MtlsAcceptor", "_mtls_server",
        "_mtls_loop", "_mtls_start_locked", "_mtls_build_ssl_context", "_mtls_server_cert_sans",
        "_thing_connectivity", "_mtls_context", "_mtls_ensure_server_cert", "_WSSession", "_run_rule_actions",
    ),
    "ministack.services.iam": ("_roles",),
    "ministack.services.s3": ("DATA_DIR", "_atomic_write", "_verify_presigned_sigv4"),
}  # fmt: skip

_CUT_OFF = "tmp"  # files of this ending MiniStack takes for no objects


def module(name: str) -> Any:
    """A module of MiniStack; its names are those of PRIVATE."""
    return importlib.import_module(f"ministack.{name}")


def keep_ca(folder: Path) -> None:
    """Have one CA for ever: boards trust it, whatever becomes of MiniStack's own state, which has it as well."""
    iot = module("services.iot")

    def kept() -> tuple[str, str]:
        certificate, key = folder / "ca.pem", folder / "ca.key"
        if not (certificate.exists() and key.exists()):
            made = pki.new_authority("thing cloud")
            journal.write(key, made[1], journal.SECRET)
            journal.write(certificate, made[0])
        return certificate.read_text(encoding="utf-8"), key.read_text(encoding="utf-8")

    if not (folder / "ca.key").exists() and iot._ca_key_pem:  # of a MiniStack that was started without this
        journal.write(folder / "ca.key", iot._ca_key_pem, journal.SECRET)
        journal.write(folder / "ca.pem", iot._ca_cert_pem)
    iot.generate_ca = kept  # called again after a reset
    iot._ca_cert_pem, iot._ca_key_pem = kept()


def demand_certificates() -> None:
    """Let no board in without a certificate: MiniStack only asks for one."""
    iot = module("services.iot")
    build = iot._mtls_build_ssl_context

    def demanding() -> ssl.SSLContext:
        context: ssl.SSLContext = build()
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    iot._mtls_build_ssl_context = demanding


def listen(address: str, port: int, addresses: list[str]) -> None:
    """Have boards connect to an address, where MiniStack takes all; its certificate carries these addresses, too."""
    iot = module("services.iot")
    names = iot._mtls_server_cert_sans

    async def start() -> None:
        if iot._mtls_server is None:
            iot._mtls_loop = asyncio.get_running_loop()
            iot._mtls_server = await iot._mtls_loop.create_server(iot._MtlsAcceptor, address, port)

    def named() -> tuple[list[str], list[str]]:
        dns, numbers = names()
        return dns, list(dict.fromkeys((*numbers, *addresses)))

    iot._mtls_start_locked, iot._mtls_server_cert_sans = start, named


async def contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS as where boards connect: with their certificates, and without any. `folder` is for a file that comes and
    goes."""
    iot = module("services.iot")
    demanding: ssl.SSLContext = await iot._mtls_context()
    plain = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    plain.minimum_version = ssl.TLSVersion.TLSv1_2
    path = folder / "server.pem"
    journal.write(path, "".join(iot._mtls_ensure_server_cert()), journal.SECRET)
    plain.load_cert_chain(path)
    path.unlink()
    return demanding, plain


def tell_of_packets(note: Callable[[], object]) -> None:
    """Call note() after what a board sends was dealt with, but for its pings."""
    iot = module("services.iot")
    feed = iot._feed_session

    async def told(session: Any, data: bytes, limit: int) -> bool:
        try:
            return bool(await feed(session, data, limit))
        finally:
            if data[:1] != b"\xc0":
                note()

    iot._feed_session = told


def sync_objects() -> None:
    """Have the objects of S3 on the disk when their upload is answered; what a kill left of one is none."""
    s3 = module("services.s3")

    def write(path: str, data: bytes | str, *, text: bool = False) -> None:
        journal.write(Path(path), data, journal.SECRET, _CUT_OFF)

    for scratch in Path(s3.DATA_DIR).rglob(f"*.{_CUT_OFF}"):
        scratch.unlink()

    s3._atomic_write = write
