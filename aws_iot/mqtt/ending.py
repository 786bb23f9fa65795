"""The end of a connection or an attempt. Lent for each, after cause.py and loss.py."""

import aws_iot

from ..errors import LinkError, ProtocolError

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_FIRST_MS = const(1000)  # AWS allows one CONNECT a second for each client id
_CAP_MS = const(120000)  # spreads 1000 devices over two minutes, 1 to 2 % of them in any second


def lost(client, error, found):
    """Plan the next attempt, and tell what loss.py ``found`` in ``error``."""
    text, short, denials = found
    fails = max(client.fails, min(short, 5) - 1)
    wait_ms = delay_ms(fails, aws_iot.chance.bits(client))
    result = ProtocolError(text) if isinstance(error, ProtocolError) else LinkError(text)
    result.cause = error
    told = client.tell, ("disconnected", result)
    close = aws_iot.mqtt.state.close
    # what takes memory is done: from here on the link is lost, and that will be told
    close(client, result, wait_ms)
    client.short = short
    client.cause = text
    client.fails += 1
    if client.tell:
        try:
            client.call(client.tell, "disconnected", result)
        except MemoryError:
            client.later.append(told)  # of the four entries that a list has from the start
    for denial in denials:
        client.report(denial)


def delay_ms(attempt, random):
    """Milliseconds before attempt number ``attempt`` (0 is the first retry), ``random`` being any integer >= 2**17.

    Full jitter over a window that doubles from 2 s to 120 s, after a floor of 1 s.
    https://docs.aws.amazon.com/general/latest/gr/iot-core.html (connect requests per second per client id)
    """
    window = _CAP_MS if attempt > 5 else 2000 << attempt
    return _FIRST_MS + random % window
