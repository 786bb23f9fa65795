"""The end of a connection or an attempt. Borrowed for each, after cause.py and loss.py."""

from . import borrow
from .errors import LinkError, ProtocolError
from .transport import ticks_add


def lost(client, error, found):
    """Plan the next attempt, and tell what loss.py ``found`` in ``error``."""
    text, short, denials = found
    fails = max(client.fails, min(short, 5) - 1)
    delay_ms = borrow("backoff").delay_ms(fails, borrow("chance").bits(client))
    result = ProtocolError(text) if isinstance(error, ProtocolError) else LinkError(text)
    result.cause = error
    told = client.tell, ("disconnected", result)
    # what takes memory is done: from here on the link is lost, and that will be told
    reset(client)
    client.short = short
    client.stats["cause"] = text
    client.due = ticks_add(client.ticks(), delay_ms)
    client.fails += 1
    client.error = result
    if client.tell:
        try:
            client.call(client.tell, "disconnected", result)
        except MemoryError:
            client.later.append(told)  # of the four entries that a list has from the start
    for denial in denials:
        client.report(denial)


def reset(client):
    """Close the socket and forget what belongs to the connection; what was accepted stays."""
    client.hang_up()
    client.stage = "dns"  # nothing is done yet of the next attempt
    client.asked = client.pinged = client.stuck = client.topic = client.broken = None
    client.out.clear()
    client.reader.reset()
    for entry in client.kept:
        entry[2] = None
        if entry[3]:
            entry[3] = -1
