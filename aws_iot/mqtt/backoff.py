"""How long to wait before the next connection attempt (pure: the random number is an argument)."""

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_FIRST_MS = const(1000)  # AWS allows one CONNECT a second for each client id
_CAP_MS = const(120000)  # spreads 1000 devices over two minutes, 1 to 2 % of them in any second


def delay_ms(attempt, random):
    """Milliseconds before attempt number ``attempt`` (0 is the first retry), ``random`` being any integer >= 2**17.

    Full jitter over a window that doubles from 2 s to 120 s, after a floor of 1 s.
    https://docs.aws.amazon.com/general/latest/gr/iot-core.html (connect requests per second per client id)
    """
    window = _CAP_MS if attempt > 5 else 2000 << attempt
    return _FIRST_MS + random % window
