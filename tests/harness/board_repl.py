"""The board's side of the serial line, run by MicroPython's unix port: what pyexec.c does on a real board.

Raw REPL with raw paste, and as much of the friendly one as mpremote needs.
https://docs.micropython.org/en/latest/reference/repl.html#raw-mode-and-raw-paste-mode

Arguments: folder that is the board's flash; "raw" or "friendly"; a folder that the firmware has frozen in, or "".
The exit status asks the server for the next start: SOFT_RESET_RAW or SOFT_RESET.
"""

import io
import os
import sys

import vfs

SOFT_RESET = 11  # as in board.py
SOFT_RESET_RAW = 12
_WINDOW = 128
_BANNER = b"\r\nMicroPython v%d.%d.%d on make-believe board\r\n>>> "

_in = sys.stdin.buffer
_out = sys.stdout.buffer


class Flash:
    """VfsPosix, whose rename() of two absolute paths builds both in one buffer; relative to the root they are right."""

    def __init__(self, folder):
        self._files = vfs.VfsPosix(folder)

    def __getattr__(self, name):
        return getattr(self._files, name)

    def rename(self, old, new):
        self._files.rename(old.lstrip("/"), new.lstrip("/"))


def jail(flash, firmware):
    """Leave the board nothing but its own flash, and what its firmware holds."""
    vfs.umount("/")
    vfs.mount(Flash(flash), "/")
    sys.path[:] = ["", ".frozen", "/lib"]
    if firmware:
        vfs.mount(vfs.VfsPosix(firmware), "/.firmware")
        sys.path[1:1] = ["/.firmware"]
    os.chdir("/")


def key():
    """The next byte; the server turns Ctrl-C into SIGINT, which comes out here as b"\\x03"."""
    try:
        byte = _in.read(1)
    except KeyboardInterrupt:
        return b"\x03"
    if not byte:
        sys.exit(0)
    return byte


def execute(source, space):
    """Run code; -> the traceback as bytes, or b""."""
    try:
        exec(compile(source, "<stdin>", "exec"), space)
    except SystemExit:
        _out.write(b"\x04\x04\r\nMPY: soft reboot\r\n")
        sys.exit(SOFT_RESET_RAW)
    except BaseException as error:
        text = io.StringIO()
        sys.print_exception(error, text)
        return text.getvalue().encode()
    return b""


def run_file(name):
    """boot.py or main.py at start; an exception is shown and ends the program, not the board."""
    try:
        os.stat(name)
    except OSError:
        return
    try:
        with open(name) as file:
            source = file.read()
        exec(compile(source, name, "exec"), {"__name__": "__main__", "__file__": name})
    except SystemExit:
        sys.exit(SOFT_RESET)
    except BaseException as error:
        sys.print_exception(error)


def raw_paste():
    _out.write(b"R\x01" + bytes((_WINDOW, 0)) + b"\x01")
    source = bytearray()
    while True:
        byte = key()
        if byte == b"\x04":
            _out.write(b"\x04")
            return source
        source += byte
        if len(source) % _WINDOW == 0:
            _out.write(b"\x01")


def raw(space):
    """The raw REPL, until Ctrl-B."""
    _out.write(b"raw REPL; CTRL-B to exit\r\n>")
    source = bytearray()
    while True:
        byte = key()
        if byte == b"\x02":
            return
        if byte in b"\x01\x03":
            source = bytearray()
            if byte == b"\x01":
                _out.write(b"raw REPL; CTRL-B to exit\r\n>")
        elif byte == b"\x05" and not source:
            if key() + key() != b"A\x01":
                continue
            finish(raw_paste(), space)
        elif byte == b"\x04":
            _out.write(b"OK")
            if not source:
                _out.write(b"\r\nMPY: soft reboot\r\n")
                sys.exit(SOFT_RESET_RAW)
            finish(source, space)
            source = bytearray()
        else:
            source += byte


def finish(source, space):
    error = execute(bytes(source).decode(), space)
    _out.write(b"\x04" + error + b"\x04>")


def friendly(space):
    """The prompt: keys that switch modes, and lines that are run without echo."""
    line = bytearray()
    while True:
        byte = key()
        if byte == b"\x01":
            raw(space)
            _out.write(_BANNER % sys.implementation.version[:3])
        elif byte == b"\x04":
            _out.write(b"\r\nMPY: soft reboot\r\n")
            sys.exit(SOFT_RESET)
        elif byte == b"\x03":
            line = bytearray()
            _out.write(b"\r\n>>> ")
        elif byte in b"\r\n":
            _out.write(b"\r\n" + execute(bytes(line).decode(), space) + b">>> ")
            line = bytearray()
        elif byte != b"\x02":
            line += byte


def main(flash, mode, firmware):
    jail(flash, firmware)
    space = {"__name__": "__main__"}
    run_file("boot.py")
    if mode == "raw":
        raw(space)
    else:
        run_file("main.py")
    _out.write(_BANNER % sys.implementation.version[:3])
    while True:
        try:
            friendly(space)
        except KeyboardInterrupt:  # a Ctrl-C that came between two keys
            _out.write(b"\r\n>>> ")


main(*sys.argv[1:])
