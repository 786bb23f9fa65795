"""Reads an option of a socket back from the kernel. MicroPython's sockets can only set it, its unix port asks libc."""

_TCP, _NODELAY = 6, 1


def nodelay(sock):
    """Whether TCP_NODELAY is set on the socket: MicroPython's, or the stream around CPython's."""
    try:
        import ffi
    except ImportError:
        return bool(sock.getsockopt(_TCP, _NODELAY))
    from array import array

    value, size = array("i", [0]), array("i", [4])
    getsockopt = ffi.open(None).func("i", "getsockopt", "iiiPP")
    if getsockopt(sock.fileno(), _TCP, _NODELAY, value, size):
        raise OSError("getsockopt")
    return bool(value[0])
