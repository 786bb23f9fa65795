"""A Thing of AWS IoT: one MQTT client, its shadows, its jobs, and the seed's calls."""

from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from .care.health import Health
from .care.log import Log
from .jobs import Jobs
from .mqtt import MQTTClient, _Message
from .shadow import Shadow
from .web.http import Http

class Thing:
    """An AWS IoT Thing that connects to ``endpoint`` as ``client_id`` by mutual TLS.

    ``certificate`` and its private ``key``: their contents, PEM or DER, bytes or str; in place of a key a function,
    where that is in a chip: ``key(digest)`` signs 32 bytes, and gives r and s, 64 bytes, or DER. ``ca`` likewise,
    None for the Amazon roots. ``thingname`` is ``client_id`` unless given. ``shadow_topics`` are the response topics
    that a delta handler subscribes to; ("update/delta",) alone is the cheapest. ``limit_bytes``: of a report, as
    compact JSON; more than 8192, at most 30720, where AWS has raised the quota. ``keepalive`` in seconds; ``window``,
    ``queue_bytes``, ``packet_bytes``, ``timeout_ms``, ``clean_session`` as MQTTClient has them. ``cacert`` is
    Zerynth's name for ``ca``. ``door`` "wss": by WebSocket on port 443, with ``keys`` in place of a certificate, a
    function that gives (access key id, secret access key, session token or None), or None while they are not here yet,
    asked before each connect; "https", "https-sigv4": by calls to AWS, with the certificate or with ``keys``, where
    shadows are asked for every ``poll_ms`` (60,000) or its own ``shadow.poll_ms``, and nothing else can be subscribed
    to. In place of ``keys``, ``role_alias`` and the ``credentials`` provider's address: keys are fetched by the
    certificate. ``region`` is the endpoint's unless given, ``host`` the server's name where the endpoint is an address,
    both for these doors only.
    ValueError for bad arguments.

    ``mqtt`` is its MQTTClient, ``shadow`` its classic shadow; ``jobs`` its Jobs, and ``http`` its calls to AWS by
    HTTPS, made when first named; what is not said here is the client's.
    https://docs.aws.amazon.com/iot/latest/developerguide/iot-thing-management.html
    """

    mqtt: MQTTClient
    shadow: Shadow
    thingname: str

    def __init__(
        self,
        endpoint: str,
        client_id: str | None = None,
        certificate: str | bytes | None = None,
        key: str | bytes | Callable[[bytes], bytes | bytearray | memoryview] | None = None,
        thingname: str | None = None,
        ca: str | bytes | None = None,
        *,
        port: int | None = None,
        keepalive: int = 60,
        window: int = 10,
        shadow_topics: Iterable[str] | None = None,
        limit_bytes: int = 8192,
        cacert: str | bytes | None = None,
        door: str = "mqtt",
        keys: Callable[[], Sequence[str | None] | None] | None = None,
        host: str | None = None,
        region: str | None = None,
        poll_ms: int | None = None,
        role_alias: str | None = None,
        credentials: str | None = None,
        clean_session: bool = True,
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

    @classmethod
    def from_config(cls, path: str = "thing.conf.json", **options: Any) -> Thing:
        """The thing that ``path`` and the certificate and key beside it describe; ``options`` are Thing's.

        ValueError names what is missing.
        """

    def report(self, state: dict) -> None:
        """Report ``state``, a dict of the thing's own keys; no answer is awaited. Offline, reports merge into one that
        is sent on return. Zerynth calls it update_shadow. ValueError, StateError as Shadow.report.
        """

    def update_shadow(self, state: dict) -> None:
        """Report ``state``, a dict of the thing's own keys; no answer is awaited. Offline, reports merge into one that
        is sent on return. Zerynth calls it update_shadow. ValueError, StateError as Shadow.report.
        """

    def on_delta(self, callback: Callable[[dict], dict | None]) -> None:
        """``callback(state)`` gets the desired members that differ from what is reported, a dict; a dict that it
        returns is reported. One that stays is told once, until it is set anew or the next connect. Zerynth calls it
        on_shadow_request.
        """

    def on_shadow_request(self, callback: Callable[[dict], dict | None]) -> None:
        """``callback(state)`` gets the desired members that differ from what is reported, a dict; a dict that it
        returns is reported. One that stays is told once, until it is set anew or the next connect. Zerynth calls it
        on_shadow_request.
        """

    def publish(self, topic: str, payload: _Message = b"", *, qos: int = 0, retain: bool = False) -> int | None:
        """Publish bytes, str, or a dict or list as JSON: at QoS 0 now or LinkError, at QoS 1 as soon as there is a
        connection, until it is acknowledged. What is returned and raised: see MQTTClient.publish.
        """

    def subscribe(
        self, topic: str, handler: Callable[[str, bytes], Any], *, qos: int = 1, copies: bool = False
    ) -> None:
        """Have ``handler(topic, payload)`` (str, bytes) called for messages that match the filter ``topic``.

        Waits for SUBACK while connected, and is restored after each reconnect; raises as MQTTClient.subscribe, which
        tells of filters that overlap and of ``copies`` as well.
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

    def named_shadow(self, name: str, topics: Sequence[str] | None = None) -> Shadow:
        """The shadow called ``name`` of this thing; ``topics`` are its response topics, as Thing's shadow_topics."""

    def health(self, version: Any = None, *, period_s: float = 600, path: str | None = "health.json") -> Health:
        """Report how the board is to the shadow ``health``: after each connect, and every ``period_s``, from poll().

        Of ``version``, the application's, and heap, RSSI, queue, links and why the last one ended, resets and their reason.
        The file ``path`` counts the resets, and keeps the last exception that ended a ``with`` of what is returned; None:
        no file. ValueError for a period that is not 10 s to a day.
        """

    def log(self, *, period_s: float = 1, size_bytes: int = 1024) -> Log:
        """A stream whose text is published to ``dt/<thing>/log`` at QoS 0, in at most one message in ``period_s``, from
        poll(); with os.dupterm all that is printed goes there, too.

        What waits has ``size_bytes``; the oldest makes room, and how much was lost is told. StateError when something else
        has os.dupterm, as WebREPL; ValueError for a size that is not 64 bytes to 8 KB.
        """

    def ingest(self, rule: str, payload: _Message = b"", topic: str | None = None, *, qos: int = 1) -> int | None:
        """Publish to the ``rule`` alone, by Basic Ingest: nobody who subscribes hears it, and AWS bills no message.

        ``topic`` is what topic() gives in the rule's SQL, by default dt/THING/RULE; its 256 bytes and 7 slashes are counted
        without the rule. What is returned and raised: see publish. A rule that is not there is no error: AWS acknowledges
        the message and drops it. The policy: `thing policy add --ingest RULE`.
        https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html
        """

    def report_once(self, state: dict, timeout_ms: int | None = None) -> dict:
        """The session of a board that sleeps: connect, report ``state``, disconnect. Returns the accepted document.

        By HTTPS it is one call. Raises what ``connect`` and the shadow's ``update`` raise.
        """

    @property
    def http(self) -> Http:
        """Its calls to AWS by HTTPS, one at a time (web/http.py)."""

    @property
    def cause(self) -> str | None:
        """Why the last connection or attempt ended, in words; None before."""

    @property
    def connected(self) -> bool:
        """True once the broker has accepted the connection."""

    @property
    def jobs(self) -> Jobs:
        """Its Jobs, made when first named: a thing has one."""

    @property
    def ready(self) -> bool:
        """True once all subscriptions are acknowledged as well."""

    @property
    def stats(self) -> dict[str, int]:
        """Counters: connects, sent, resent, received, errors."""
