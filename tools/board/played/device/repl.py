"""The board's side of the serial line, run by MicroPython's unix port: what pyexec.c does on a real board.

Raw REPL with raw paste, and as much of the friendly one as mpremote needs.
https://docs.micropython.org/en/latest/reference/repl.html#raw-mode-and-raw-paste-mode

Arguments: folder that is the board's flash; "raw" or "friendly", or "prompt": as after Ctrl-C, nothing is run; a folder
that the firmware has frozen in, or ""; the kind of its ROMFS (rom.py) and the file that it lies in, or "" twice.
The exit status asks the server for the next start: SOFT_RESET_RAW or SOFT_RESET.
"""

import io
import os
import select
import sys

import vfs

SOFT_RESET = 11  # as in ../board.py
SOFT_RESET_RAW = 12
_WINDOW = 128
_BANNER = b"\r\nMicroPython v%d.%d.%d on make-believe board\r\n>>> "

_in = sys.stdin.buffer  # not blocking: see Board
_out = sys.stdout.buffer
_poller = select.poll()
_poller.register(sys.stdin, select.POLLIN)
_pending = b""


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


def more():
    """Wait for bytes; the server turns Ctrl-C into SIGINT, which comes out here as b"\\x03"."""
    global _pending
    try:
        _poller.poll()
        _pending = _in.read(_WINDOW)
    except KeyboardInterrupt:
        _pending += b"\x03"  # what has just been read is before it
    if not _pending:
        sys.exit(0)


def key():
    """The next byte."""
    global _pending
    if not _pending:
        more()
    byte, _pending = _pending[:1], _pending[1:]
    return byte


def text(stops):
    """All that has come up to one of these bytes, which stays; at least one byte of either."""
    global _pending
    if not _pending:
        more()
    end = min([at for at in (_pending.find(stop) for stop in stops) if at >= 0] or [len(_pending)])
    found, _pending = _pending[:end], _pending[end:]
    return found


def execute(source, space):
    """Run code; -> the traceback as bytes, or b""."""
    try:
        exec(compile(source, "<stdin>", "exec"), space)
    except SystemExit:
        _out.write(b"\x04\x04\r\nMPY: soft reboot\r\n")
        sys.exit(SOFT_RESET_RAW)
    except BaseException as error:
        trace = io.StringIO()
        sys.print_exception(error, trace)
        return trace.getvalue().encode()
    return b""


def run_file(name):
    """boot.py or main.py at start; an exception is shown and ends the program, not the board."""
    try:
        try:
            os.stat(name)
        except OSError:
            return
        with open(name) as file:
            source = file.read()
        exec(compile(source, name, "exec"), {"__name__": "__main__", "__file__": name})
    except SystemExit:
        sys.exit(SOFT_RESET)
    except BaseException as error:
        sys.print_exception(error)


def raw_paste():
    """The code that is pasted, window by window; Ctrl-C gives it up, as after a cable was pulled."""
    _out.write(b"R\x01" + bytes((_WINDOW, 0)) + b"\x01")
    source = bytearray()
    try:
        while part := text((b"\x03", b"\x04")):
            windows = len(source) // _WINDOW
            source += part
            _out.write(b"\x01" * (len(source) // _WINDOW - windows))
        whole = key() == b"\x04"
    except KeyboardInterrupt:
        whole = False
    _out.write(b"\x04")
    return source if whole else b"raise KeyboardInterrupt"


def raw(space):
    """The raw REPL, until Ctrl-B."""
    _out.write(b"raw REPL; CTRL-B to exit\r\n>")
    source = bytearray()
    while True:
        try:
            byte = key()
            if byte == b"\x02":
                return
            if byte in b"\x01\x03":
                source = bytearray()
                if byte == b"\x01":
                    _out.write(b"raw REPL; CTRL-B to exit\r\n>")
            elif byte == b"\x05" and not source:
                if key() + key() == b"A\x01":
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
        except KeyboardInterrupt:  # on a board Ctrl-C is a byte like others here; a signal comes at any moment
            source = bytearray()


def finish(source, space):
    error = execute(bytes(source).decode(), space)
    _out.write(b"\x04" + error + b"\x04>")


def shown(line, space):
    """Run what was typed, and show its value or its exception."""
    try:
        exec(compile(line, "<stdin>", "single"), space)
    except SystemExit:
        sys.exit(SOFT_RESET)
    except BaseException as error:
        sys.print_exception(error)


def friendly(space):
    """The prompt: keys that switch modes, and lines; one that ends in a colon goes on until an empty one."""
    line, block = bytearray(), ""
    while True:
        try:
            byte = key()
            if byte == b"\x01":
                raw(space)
                _out.write(_BANNER % sys.implementation.version[:3])
            elif byte == b"\x04":
                _out.write(b"\r\nMPY: soft reboot\r\n")
                sys.exit(SOFT_RESET)
            elif byte in b"\r\n":
                _out.write(b"\r\n")
                block += line.decode() + "\n"
                if not line or (block.count("\n") == 1 and line[-1] != 0x3A):
                    shown(block, space)
                    block = ""
                line = bytearray()
                _out.write(b"... " if block else b">>> ")
            elif byte in b"\x08\x7f":
                _out.write(b"\x08 \x08" if line else b"")
                line = line[:-1]
            elif byte not in b"\x02\x03":
                line += byte
                _out.write(byte)
            else:
                line, block = bytearray(), ""
                _out.write(b"\r\n>>> ")
        except KeyboardInterrupt:
            line = bytearray()


def start(mode, space):
    """What runs before the prompt."""
    if mode != "prompt":
        run_file("boot.py")
    if mode == "raw":
        raw(space)
    elif mode == "friendly":
        run_file("main.py")
    _out.write(_BANNER % sys.implementation.version[:3])


def main(flash, mode, firmware, kind, rom):
    if kind:
        import rom as romfs

        partition = romfs.plug(kind, rom)
    jail(flash, firmware)
    if kind:
        romfs.mount(partition)
    space = {"__name__": "__main__"}
    try:
        _out.write(b"\x06")  # see Board: from here on a Ctrl-C is a key
        start(mode, space)
    except KeyboardInterrupt:  # between two files: there is nothing to end
        pass
    while True:
        try:
            friendly(space)
        except KeyboardInterrupt:  # a Ctrl-C that came between two keys
            _out.write(b"\r\n>>> ")


try:
    main(*sys.argv[1:])
except KeyboardInterrupt:  # as one that a board gets while it starts
    sys.exit(SOFT_RESET)
