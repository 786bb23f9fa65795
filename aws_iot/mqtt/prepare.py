"""The constructor of MQTTClient: every field that a client has. Lent for each.

Behind a field stands in brackets [who sets it | who clears it]: functions, which a test compares with what the sources
do. state.py tells how a connection goes from one state to the next.

``subs``, ``kept``, ``asked`` and ``denied`` hold lists, with a name for each index: an object of a class takes 16 bytes
more for each, and its making 1 % of a delta's time. The names are the same in each file that uses them.

    of subs      _QOS, _HANDLER, _RAW (a handler that gets memoryviews; _OWN: the library's), _STATE: _ASK, _GRANTED or
                 _REFUSED
    of kept      _PID, _PACKET, _SENT (ticks of the last copy on this connection, or None), _COPIES (on it; -1: only on
                 earlier ones)
    asked        the same four of a SUBSCRIBE or UNSUBSCRIBE, _FILTERS, and _SUBS: the entries of subs when it was sent
    of denied    _UNTIL (ticks), _DELAY (ms that it is held back), _TRIED (ticks since when it is tried again, or None)

``hooks``, ``schedule`` and ``senders`` hold what wants a turn in the engine, which knows no shadow and no job else:

    hook(None)   after each connect, once it is ready; then hook(ticks) every few seconds
    object       of ``schedule``: poll() begins with its ``poll()``, connected or not; True: it is not to wait
    sender       an object: ``topic`` (bytes) that it publishes to, ``pending`` (not None: disconnect() waits for it),
                 ``resent(entry)``: one of its publishes goes out once more

Those of ``schedule`` and ``senders`` have ``guard()`` as well, for background.py.
"""

import aws_iot

from .. import BytesIO, simple, ticks_ms
from .packet import Reader

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_MANY_BYTES = const(32767 * 7)  # of the smallest QoS 1 publishes


def prepare(  # noqa: PLR0915  a client has as many fields
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
    # of the last will set_last_will() sets all; the fewer fields there are, the faster each is found
    del client.lw_msg, client.lw_qos, client.lw_retain
    client.ssl_params = ssl_params or {}  # umqtt.simple 1.4.0 and 1.5.0, of MicroPython 1.23 and 1.24, take none
    size = len(client_id.encode()) if isinstance(client_id, str) else isinstance(client_id, bytes) and len(client_id)
    if not 0 < size <= 128:
        raise ValueError("client id: 1 to 128 bytes")
    if not 0 <= keepalive <= 65535:
        raise ValueError("keepalive: 0 to 65535 s")
    if window < 1:
        raise ValueError("window: 1 or more")
    client.clean = clean_session  # [connect.start]
    client.window = window
    client.queue_bytes = queue_bytes
    client.timeout_ms = timeout_ms
    client.ticks = ticks_ms
    if random:
        client.random = random  # see chance.py
    # the connection: see state.py
    client.connected = False  # CONNACK is here [up | hang_up, flush]
    client.ready = False  # so are all SUBACKs [state.ready | hang_up]
    client.due = ticks_ms()  # of the next attempt; once up, of the timers [whoever wants a turn sooner]
    client.stats = {"connects": 0, "sent": 0, "resent": 0, "received": 0, "errors": 0}
    del client.sock  # what is inherited from umqtt.simple uses it, and so cannot get at the connection
    client.stream = None  # the TCP socket, or TLS on it [tcp, tls | tcp, hang_up]
    client.raw = None  # the TCP socket [tls | hang_up, gateway_packets._connect]
    client.poller = None  # what it is polled with [connack, gateway_packets._connect | hang_up]
    client.session = False  # the broker kept it [up]
    client.off = False  # disconnect() was called [state.off | wait]
    client.error = None  # why the last link or attempt ended [close, MQTTClient.lost | wait]
    client.cause = None  # the same in words, until the next ends [ending.lost]
    client.broken = None  # why the link did, while there is no memory to tell it [MQTTClient.lost | close]
    client.stage = "dns"  # how far the attempt came [attempt, tcp, tls, begin, connack, up | close]
    client.opening = None  # the generator that makes it [advance, attempt | tls, up, hang_up]
    # ticks since when the hooks are to be told as after a connect, false when they are not
    client.fresh = False  # [ready, lost, hooks | hooks, close]
    client.up_at = 0  # ticks of CONNACK [up, timers.run]
    client.context = None  # of TLS, or what stands in for it behind another door [advance]
    # reading and writing
    client.dry = False  # TLS holds no more: the last read took all that there was [_step | _step, up]
    client.out = []  # packets to write; the first may be half written [whoever sends | flush, close]
    client.stuck = None  # ticks since which nothing can be written [flush, MQTTClient.lost | flush, close]
    client.tx_at = 0  # ticks of the last write [flush, up]
    client.rx_at = 0  # ticks of the last read [_step, up, MQTTClient.lost]
    client.pinged = None  # ticks of the PINGREQ without answer [ping, keepalive | answered, keepalive, close]
    client.scratch = BytesIO()  # payloads that are no bytes are written here first [timers.run]
    # what is subscribed to
    client.subs = {}  # filter -> [qos, handler, raw, state] [listen | unsubscribe]
    client.drop = []  # filters to unsubscribe from [unsubscribe | listen, answered, connack]
    client.asked = None  # the (UN)SUBSCRIBE in flight [subscribe.advance | answered, close]
    client.batch = 8  # filters in a SUBSCRIBE; 1 while a refused one is looked for [_suspect | subscribe.advance]
    client.find = None  # a wildcards.Match, once filters have wildcards or overlap [group.insert]
    client.requests = None  # clientToken -> answer [asking | asking, settle]
    # what is published
    client.names = {}  # topics that were checked, as text -> UTF-8
    # topics as bytes, checked ones too -> ticks since when at QoS 0 on this link, None
    client.sent = {}  # [publish, check_publish | close, check_publish]
    # QoS 1 publishes without PUBACK
    client.kept = aws_iot.mqtt.unusual.Kept() if queue_bytes > _MANY_BYTES else []
    # [publish, restore | puback, withdraw]
    client.queued = 0  # bytes in it [publish, restore | puback, withdraw]
    client.limit = window  # of it in flight; 1 while a refused one is looked for [_suspect, _allowed | puback]
    client.pid = 0  # the last packet id [next_pid]
    client.wrapped = False  # packet ids in flight may be higher than the next [next_pid]
    client.topic = None  # of the last QoS 0 publish [publish | ping, close]
    # user code, and who else wants a turn
    # user code runs
    client.busy = False  # [call, alone, send | call, alone, send]
    # calls of user code that wait for that
    client.later = []  # [call, ending.lost | call, alone, attempt]
    client.tell = None  # the callback of on_event() [on_event]
    client.complain = None  # of on_error() [on_error]
    client.coro = False  # run() drives: calls do not wait, since other tasks would [drive.run | drive.run]
    client.hooks = []  # [on_tick, shadow_calls.add]
    client.schedule = []  # [handlers.start, search, own.begin | poll]
    client.senders = []  # [shadow_calls.add]
    # when links end: see loss.py
    client.fails = 0  # attempts since a link proved itself [ending.lost | puback, answered, timers.run]
    client.short = 0  # links in a row that lived shortly [ending.lost | ending.lost, timers.run]
    client.suspect = None  # (what was in flight when the link was cut, how often, at which connect)
    # [_again | _again, loss.lost, puback, answered, streams.take]
    client.denied = None  # what is held back: topic (bytes), or # and a filter [_hold_back | _acquit, ask_again]
    client.reader = Reader(512, packet_bytes)
