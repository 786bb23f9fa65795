"""The constructor of MQTTClient. Lent for each."""

from .. import BytesIO, simple, ticks_ms
from .packet import Reader


def prepare(
    client, client_id, server, port=0, user=None, password=None, keepalive=0, ssl=None, ssl_params=None,
    *, clean_session=True, window=1, queue_bytes=10240, packet_bytes=131072 + 288, timeout_ms=10000,
    ticks_ms=ticks_ms, random=None,
):  # fmt: skip
    """MQTTClient's constructor. ValueError for what no broker would take.

    ``window``: QoS 1 publishes in flight; with 1 (umqtt's manner) ``publish`` returns when its PUBACK is here.
    ``queue_bytes``: QoS 1 packets kept until acknowledged, in flight and waiting. ``packet_bytes``: the largest packet
    taken; a larger one is acknowledged, skipped and reported. ``timeout_ms``: for each stage of connecting, for
    PINGRESP and for the blocking calls. ``ticks_ms`` and ``random`` (a function that gives any number >= 2**17) can
    be given for tests.
    """
    simple.MQTTClient.__init__(client, client_id, server, port, user, password, keepalive, ssl)
    client.ssl_params = ssl_params or {}  # umqtt.simple 1.4.0 and 1.5.0, of MicroPython 1.23 and 1.24, take none
    size = len(client_id.encode()) if isinstance(client_id, str) else isinstance(client_id, bytes) and len(client_id)
    if not 0 < size <= 128:
        raise ValueError("client id: 1 to 128 bytes")
    if not 0 <= keepalive <= 65535:
        raise ValueError("keepalive: 0 to 65535 s")
    if window < 1:
        raise ValueError("window: 1 or more")
    client.connected = client.ready = client.session = False  # CONNACK is here; all SUBACKs; the broker kept it
    client.up_at = client.tx_at = client.rx_at = 0  # ticks of CONNACK, of the last write, of the last read
    client.off = False  # disconnect() was called
    client.batch = 8  # filters in a SUBSCRIBE; 1 while a refused one is looked for
    client.fails = client.short = 0  # attempts since a link proved itself; links in a row that lived shortly
    client.error = client.broken = None  # why the last link ended, and why it did while there is no memory to tell it
    client.cause = None  # the former in words, until the next ends
    client.stage = "dns"  # how far the last attempt came
    # the attempt that goes on; what it made. ``stream`` is a name that no umqtt.simple has: what is inherited from it
    # uses ``sock``, and so cannot get at the connection.
    client.opening = client.poller = client.raw = client.stream = client.context = None
    client.dry = False  # the last read took all that there was; None: a packet of it is still to be taken
    client.stuck = client.pinged = None  # ticks since which nothing can be written; of the PINGREQ without answer
    client.asked = None  # (UN)SUBSCRIBE in flight: [packet id, filters, packet, ticks, copies, subscriptions]
    client.denied = None  # what is held back: [until (or tried again since), how long, whether it is tried again]
    client.suspect = None  # what was in flight when the link was cut
    client.topic = None  # of the last QoS 0 publish
    client.requests = None  # clientToken -> answer
    client.find = None  # the subscription of a topic, once there are wildcards
    client.guard = None  # see background.loop; False while run() is at work
    client.busy = client.wrapped = False  # user code runs; packet ids in flight may be higher than the next
    client.tell = client.complain = None  # the callbacks of on_event, on_error
    client.queued = 0  # bytes in ``kept``
    client.scratch = BytesIO()  # payloads that are no bytes are written here first
    client.stats = {"connects": 0, "sent": 0, "resent": 0, "received": 0, "errors": 0}
    client.clean = clean_session
    client.window = client.limit = window  # limit: fewer, while a refused publish is looked for
    client.queue_bytes = queue_bytes
    client.timeout_ms = timeout_ms
    client.ticks = ticks_ms
    client.random = random
    client.due = ticks_ms()  # of the next attempt; once up, of the timers
    client.reader = Reader(512, packet_bytes)
    client.kept = []
    client.out = []  # packets to write; the first may be half written
    client.subs = {}  # filter -> [qos, handler, raw, 0 to be asked for | 1 granted | 2 refused]
    client.drop = []  # filters to unsubscribe from
    client.names = {}  # topics that were checked -> UTF-8
    client.later = []  # calls of user code
    client.hooks = []
    client.shadows = []
