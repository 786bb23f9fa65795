"""What an MQTTClient starts with. Borrowed once."""

from os import urandom

from . import borrow
from .transport import ticks_ms as _ticks_ms


def _random():
    data = urandom(3)
    return data[0] << 16 | data[1] << 8 | data[2]


def prepare(
    client, reader, *, clean_session=True, window=1, queue_bytes=10240, packet_bytes=131072 + 288, timeout_ms=10000,
    ticks_ms=_ticks_ms, random=_random,
):  # fmt: skip
    """Give ``client`` its options; ValueError for what no broker would take.

    ``window``: QoS 1 publishes in flight; with 1 (umqtt's manner) ``publish`` returns when its PUBACK is here.
    ``queue_bytes``: QoS 1 packets kept until acknowledged, in flight and waiting. ``packet_bytes``: the largest packet
    taken; a larger one is acknowledged, skipped and reported. ``timeout_ms``: for each stage of connecting, for PINGRESP and
    for the blocking calls. ``ticks_ms`` and ``random`` (any number >= 2**17) can be given for tests.
    """
    if not client.client_id or len(borrow("control").string(client.client_id)) > 130:
        raise ValueError("client id: 1 to 128 bytes")
    if not 0 <= client.keepalive <= 65535:
        raise ValueError("keepalive: 0 to 65535 s")
    if window < 1:
        raise ValueError("window: 1 or more")
    client.stats = {"connects": 0, "sent": 0, "resent": 0, "received": 0, "errors": 0, "cause": None}
    client.clean = clean_session
    client.window = window
    client.limit = window  # fewer, while a refused publish is looked for
    client.queue_bytes = queue_bytes
    client.timeout_ms = timeout_ms
    client.ticks = ticks_ms
    client.random = random
    client.due = ticks_ms()  # of the next attempt; once up, of the timers
    client.reader = reader(512, packet_bytes)
    client.kept = []
    client.out = []  # packets to write; the first may be half written
    client.subs = {}  # filter -> [qos, handler, raw, 0 to be asked for | 1 granted | 2 refused]
    client.drop = []  # filters to unsubscribe from
    client.names = {}  # topics that were checked -> UTF-8
    client.later = []  # calls of user code
    client.hooks = []
    client.ticking = []
    client.shadows = []
