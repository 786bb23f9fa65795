from collections.abc import Callable, Coroutine, Sequence
from typing import Any

_Message = bytes | bytearray | memoryview | str | dict | list

class MQTTClient:
    """A umqtt.simple.MQTTClient, with its arguments; ``ssl`` is a context, or True with ``ssl_params``. Zerynth's calls
    are here, too. For other options see prepare.prepare, which tells of the attributes as well.

    ``connected``: CONNACK is here. ``ready``: all subscriptions are acknowledged. ``session``: the broker had kept one.
    ``cause``: why the last connection ended, in words. ``stats``: counters. ``kept``: the QoS 1 publishes without
    PUBACK. ``raw``: the socket, None without a connection, for a poll loop of your own.
    """

    cause: str | None
    connected: bool
    kept: list
    raw: Any
    ready: bool
    session: bool
    stats: dict[str, int]

    def __init__(
        self,
        client_id: str | bytes,
        server: str,
        port: int = 0,
        user: str | None = None,
        password: str | None = None,
        keepalive: int = 0,
        ssl: Any = None,
        ssl_params: dict | None = None,
        *,
        clean_session: bool = True,
        window: int = 1,
        queue_bytes: int = 10240,
        packet_bytes: int = 131360,
        timeout_ms: int = 10000,
        ticks_ms: Callable[[], int] = ...,
        random: Callable[[], int] | None = None,
    ) -> None:
        """MQTTClient's constructor. ValueError for what no broker would take.

        ``window``: QoS 1 publishes in flight; with 1 (umqtt's manner) ``publish`` returns when its PUBACK is here.
        ``queue_bytes``: QoS 1 packets kept until acknowledged, in flight and waiting. ``packet_bytes``: the largest packet
        taken; a larger one is acknowledged, skipped and reported. ``timeout_ms``: for each stage of connecting, for
        PINGRESP and for the blocking calls. ``ticks_ms`` and ``random`` (a function that gives any number >= 2**17) can
        be given for tests.
        """

    def connect(
        self,
        clean_session: bool | None = None,
        timeout: float | None = None,
        *,
        timeout_ms: int | None = None,
        **options: Any,
    ) -> bool:
        """Connect now and return whether the broker kept a session (MQTT section 3.2.2.2).

        One attempt; ``timeout_ms`` bounds it, or umqtt.simple's ``timeout`` in seconds, else each stage has the
        client's ``timeout_ms``. A failure raises LinkError with its likely cause (MemoryError when there is no room
        to tell it); ``poll`` goes on trying, after a back-off. Other options are Zerynth's: port, aconnect_cb,
        breconnect_cb.
        """

    def disconnect(self) -> None:
        """Wait for the PUBACKs and reports that are due (at most ``timeout_ms``), say DISCONNECT, close. poll() does
        not reconnect.
        """

    def poll(self, timeout_ms: int = 0) -> bool:
        """One step: connect when due, write, read, dispatch, timers. True if something was done.

        Returns within ``timeout_ms``, or as soon as something was done; only the look-up of the host name may take
        longer. Raises nothing: failures of the link are in ``on_event`` and ``stats``, failures of callbacks in
        ``on_error``.
        """

    def loop_forever(self) -> None:
        """poll() until disconnect()."""

    def run(self) -> Coroutine[Any, Any, None]:
        """poll() as a task among others, until disconnect(). Only the look-up of the host name blocks the others.

        Meanwhile ``subscribe`` and ``unsubscribe`` do not wait for their answers (a refusal goes to ``on_error``), nor
        ``publish`` for room (StateError). What returns an answer (``request``, a shadow's ``get``, ``update``, ``delete``)
        and ``disconnect`` do wait, and block the other tasks until then.
        """

    def on_event(self, callback: Callable[[str, Any], Any]) -> None:
        """``callback(event, value)``: connecting, connected (session present), ready, disconnected (error), puback
        (packet id), pingresp, data ((topic, payload) that no handler took), error (unless ``on_error`` is set); values are
        None else.
        """

    def on_error(self, callback: Callable[[BaseException], Any]) -> None:
        """``callback(error)`` for what cost one message: a callback that raised, an answer that was no JSON, a denial."""

    def unsubscribe(self, topic: str | bytes | Sequence[str]) -> None:
        """Give a filter back; its handler is not called any more. ResponseTimeout when no UNSUBACK came."""

    def request(self, topic: str, document: dict | None = None, timeout_ms: int | None = None) -> dict:
        """Publish ``document`` with a clientToken to ``topic``; return what comes on topic/accepted, a dict.

        Raises Rejected for topic/rejected, ResponseTimeout after ``timeout_ms``, ValueError for what is no JSON.
        """

    def publish(self, topic: str | bytes, msg: _Message = b"", retain: bool = False, qos: int = 0) -> int | None:
        """Publish bytes, str, or a dict or list as JSON. At QoS 1 the packet id is returned and the message is kept
        until PUBACK.

        QoS 0 raises LinkError when there is no connection. QoS 1 raises StateError when ``queue_bytes`` are full (it
        waits for room before, at most ``timeout_ms``), and, with a window of 1, ResponseTimeout when no PUBACK came
        yet: the message is then still kept and goes on being sent. ValueError for what AWS would refuse (128 KB, 256
        bytes of topic, QoS 2), and for what is no JSON, by the name of the member.
        """

    def subscribe(
        self,
        topic: Any,
        qos: int | Callable = 0,
        handler: Callable[..., Any] | None = None,
        raw: bool = False,
        copies: bool = False,
    ) -> None:
        """Subscribe to a filter; its messages go to ``handler(topic, payload)`` (str, bytes), else to
        ``set_callback``'s.

        Of several filters that take a topic each handler is called, once, in the order of subscribing; for the same
        filter the newest one, beside the library's own. A broker may send such a message once for each filter: then
        equal ones (topic and payload) that follow directly and within 500 ms count as one, at most as many as there are
        filters. With ``copies`` the handler gets all that come.

        Waits for SUBACK while connected; offline, in a callback, or beside ``run()`` it is asked for as soon as
        possible. It is restored after every reconnect that finds no session. Raises Rejected (128) when refused,
        ResponseTimeout after ``timeout_ms``, ValueError for what AWS would refuse. ``raw``: payload is a memoryview,
        valid during the call.
        """

    def set_callback(self, f: Callable[[bytes, bytes], Any]) -> None:
        """umqtt.simple's: ``f(topic, msg)``, both bytes, for messages that no handler takes."""

    def set_last_will(self, topic: str | bytes, msg: str | bytes, retain: bool = False, qos: int = 0) -> None:
        """umqtt.simple's: what the broker publishes when this connection is lost; before connect()."""

    def ping(self) -> None:
        """umqtt.simple's: send PINGREQ; poll() does so by itself when ``keepalive`` is set."""

    def check_msg(self, timeout_ms: int = 0) -> bool:
        """One step: connect when due, write, read, dispatch, timers. True if something was done.

        Returns within ``timeout_ms``, or as soon as something was done; only the look-up of the host name may take
        longer. Raises nothing: failures of the link are in ``on_event`` and ``stats``, failures of callbacks in
        ``on_error``.
        """

    def wait_msg(self) -> None:
        """umqtt.simple's: wait, without limit, for the next packet, and take it."""

    def until(self, done: Callable[[], Any], timeout_ms: int | None = None) -> bool:
        """poll() until ``done()`` or ``timeout_ms``; says whether it is done."""

    def on_tick(self, hook: Callable[[int | None], Any]) -> None:
        """``hook(None)`` after each connect, once all subscriptions are acknowledged; then ``hook(ticks)`` every few
        seconds.
        """

    def loop(self, on_message: Callable[[MQTTClient, dict], Any] | None = None, th_size: int = -1) -> None:
        """Zerynth's: poll() in a thread of its own from now on, where the board has ``_thread``, until disconnect().

        A call from another thread has the engine for itself while it lasts. ``on_message(client, data)`` is as ``on``
        has it for PUBLISH; ``th_size``: the thread's stack in bytes.
        """

    def on(
        self,
        command: int | str,
        function: Callable[[MQTTClient, dict], Any],
        condition: Callable[[dict], Any] | None = None,
        priority: int = 0,
    ) -> None:
        """Zerynth's: ``function(client, data)`` for ``command``: PUBLISH (of messages that no handler takes;
        data["message"]), PUBACK (data["mid"]), SUBACK (all of them are there), PINGRESP; others do not come from AWS.

        Of those whose ``condition(data)`` is true the one with the highest ``priority`` is called, the first of equals; one
        without condition, of which each command has one, when there is none. It takes the place of set_callback and
        on_event.
        """

    def set_will(self, topic: str, payload: str | bytes, qos: int = 0, retain: bool = True) -> None:
        """Zerynth's: set_last_will() with its order of arguments."""

    def set_username_pw(self, username: str, password: str | None = None) -> None:
        """Zerynth's: for brokers that want them; AWS looks at the certificate."""

    def reconnect(self) -> bool:
        """Zerynth's: end the connection and make another; as connect()."""

    def close(self) -> None:
        """Zerynth's: disconnect()."""
