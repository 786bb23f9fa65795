"""Causes of the network and of the server: from the look-up to a link in use."""

from .row import Row

_CAUSE, _LOSS = "tests/device/test_cause.py::", "tests/device/test_loss.py::"

ROWS = (
    Row(
        "cannot-look-up",
        ("cannot look up %s: no network, no DNS, or a wrong endpoint (%s)",),
        "The name of the endpoint has no address: the board is not online, its network has no DNS server, or the name"
        " is misspelt.",
        "Is Wi-Fi joined (`network.WLAN(network.STA_IF).isconnected()`)? Compare `endpoint` in `thing.conf.json` with"
        " what `aws iot describe-endpoint --endpoint-type iot:Data-ATS` prints: a name alone, without `mqtts://`.",
        (_CAUSE + "test_dns",),
        doctor=("%s does not resolve (%s)", "the board cannot resolve %s", "%s must be a host name alone"),
    ),
    Row(
        "cannot-be-reached",
        ("%s cannot be reached: %s",),
        "The address is there, but nobody takes the connection: no route, a firewall that refuses, or nothing that"
        " listens on that port (`refused`).",
        "With the local AWS: does it run (`thing cloud up`), and for a real board with `--lan`? With AWS: is `port`"
        " 8883, and does the network let it out? Where only port 443 is open: `door=\"wss\"`"
        " ([doors](doors.md)).",
        (_CAUSE + "test_tcp",),
        doctor=("port %s of %s does not answer",),
    ),
    Row(
        "no-answer",
        ("no answer from %s: no network, or a firewall that blocks the port",),
        "TCP got no answer within `timeout_ms`: packets are dropped on the way.",
        "Is the board online at all? Guests' networks and offices often block 8883: `door=\"wss\"` goes by 443. From a"
        " computer in the same network, `thing doctor` tries the same.",
        (_CAUSE + "test_nobody_answers",),
        doctor=("no answer within %s s", "the board is not online"),
    ),
    Row(
        "handshake-stalled",
        ("the TLS handshake with %s stalled",),
        "TCP is there, but TLS did not go on within `timeout_ms`: a very slow network, a firewall that looks into"
        " connections, or a server that hangs.",
        "A larger `timeout_ms`. If it stays, another network: what swallows TLS is mostly a box between.",
        (_CAUSE + "test_nobody_answers",),
    ),
    Row(
        "no-answer-to-connect",
        ("no answer to CONNECT from %s:%d",),
        "TLS stands, but CONNACK did not come within `timeout_ms`: the server is busy, or is no MQTT server.",
        "Is `port` that of MQTT (8883), not of HTTPS (8443)? Else wait: the next attempt follows by itself.",
        (_CAUSE + "test_nobody_answers",),
    ),
    Row(
        "closed-before-connack",
        (
            "closed before CONNACK: is the certificate active, is the key its own, does its policy allow iot:Connect,"
            " is client id %s right?",
        ),
        "AWS closed in place of an answer, which is how it says no: the certificate is inactive or unknown in this"
        " account and region, or no policy of it allows `iot:Connect` as this client id.",
        "`thing doctor` asks AWS which it is. By hand: `aws iot describe-certificate` (ACTIVE?),"
        " `list-attached-policies`, and whether `iot:Connect` there names `client/NAME` of this thing.",
        (_CAUSE + "test_closed_before_connack",),
        doctor=("the connection was closed instead of accepted", "closed instead of answered: is the certificate"),
    ),
    Row(
        "connack-refused",
        ("CONNACK %d: %s",),
        "The server answered CONNECT with a refusal. AWS hardly does; other brokers say 2 for a client id that they do"
        " not like, 4 and 5 for user and password.",
        "3 passes by itself. Else compare client id, user and password with what that broker wants.",
        (_CAUSE + "test_connack_codes",),
        inside=(
            "protocol version", "client id refused", "server unavailable", "user name or password", "not authorized",
            "unknown code",
        ),
        doctor=("refused: ",),
    ),  # fmt: skip
    Row(
        "closed-after-subscribe",
        ("closed after SUBSCRIBE to %s: does the policy allow iot:Subscribe there?",),
        "AWS closed directly after this subscription: what a policy does not allow it answers so. Seen twice, the"
        " filter is left out for a while (5 s, then longer each time), `on_error` is told, and the rest goes on.",
        "A thing of `thing add` may subscribe to `cmd/NAME/...` and to its own shadows and jobs. For other topics the"
        " policy needs `iot:Subscribe` on `topicfilter/...` and `iot:Receive` on `topic/...`.",
        (_LOSS + "test_denied_subscribe",),
        inside=("subscribe denied? %s",),
        doctor=("closed on the subscription: ", "refused: the policy does not allow iot:Subscribe"),
    ),
    Row(
        "closed-after-publish",
        (
            "closed after PUBLISH to %s: does the policy allow iot:Publish there?",
            "closed after PUBLISH to %s: does the policy allow iot:Publish and iot:RetainPublish there?",
            "closed after PUBLISH to %s: the link was cut, or does the policy allow iot:Publish there"
            " (for retained ones iot:RetainPublish)?",
        ),
        "AWS closed directly after this message. If the same topic ends links again, it is held back for a while,"
        " `on_error` is told (`publish denied?`), and everything else goes on; a QoS 1 message is kept.",
        "A thing of `thing add` may publish to `dt/NAME/...`. For other topics the policy needs `iot:Publish` on"
        " `topic/...`; a message with `retain` needs `iot:RetainPublish` as well. If it happens once, at any topic, it"
        " was the network.",
        (
            _LOSS + "test_denied_publish",
            _LOSS + "test_a_retained_publish_has_its_own_permission",
            _LOSS + "test_denied_publish_at_qos_0",
        ),
        inside=("publish denied? %s",),
        doctor=("closed on the publish: ",),
    ),
    Row(
        "another-client-id",
        ("closed %d times shortly after connecting: does another device use client id %s?",),
        "AWS keeps one connection for a client id: two boards (or a board and a program on a PC) with the same one"
        " throw each other out for ever.",
        "Give each its own thing (`thing add -n 2`), flash each with its own, and stop what else connects as this one."
        " `thing doctor` does so for a moment, too.",
        (_LOSS + "test_another_device_with_this_client_id",),
    ),
    Row(
        "closed-by-the-server",
        ("closed by the server after %d s", "closed by the server after more than a day"),
        "The link was good, and was ended from the other side: AWS does so now and then, and so do routers that forget"
        " connections.",
        "Nothing: it is made again within seconds, and nothing that was accepted is lost. If it comes after equal"
        " times, a router between forgets idle connections: a `keepalive` shorter than that.",
        (_LOSS + "test_closed_by_the_server", "tests/device/test_waiting.py::test_a_link_of_eight_days"),
    ),
    Row(
        "not-in-time",
        ("no %s in time: the network is gone or the server hangs",),
        "The link looked alive, but what had to come did not: PUBACK, SUBACK or PINGRESP, or nothing could be written.",
        "Mostly the Wi-Fi went away without a word. It is connected anew; a `keepalive` of 30 s has it noticed sooner.",
        (
            "tests/device/test_timers.py::test_no_puback",
            "tests/device/test_timers.py::test_no_suback",
            "tests/device/test_timers.py::test_no_pingresp",
            "tests/device/test_timers.py::test_nothing_can_be_written",
        ),
    ),
    Row(
        "network-gone",
        ("nothing came through in time: the network is gone",),
        "TCP gave up: what was sent was not acknowledged by anybody.",
        "As above: Wi-Fi, router, line. The library connects anew as soon as there is a network.",
        (_CAUSE + "test_what_tcp_gave_up",),
    ),
    Row(
        "connection-broke",
        ("the connection broke: %r",),
        "An error of the network that has no better words; the original is in it, and in `error.cause`.",
        "It is connected anew. If it comes again and again, please report it with this text and the board's firmware.",
        (_CAUSE + "test_other_errors",),
    ),
    Row(
        "protocol-broken",
        ("the server broke the protocol: %s",),
        "What came is no MQTT, or not what may come now: another protocol on this port, a proxy, a broker with a"
        " fault. The link is closed, since what follows cannot be read.",
        "Is `port` that of MQTT with TLS (8883 at AWS)? With a broker of your own: which packet it was stands behind"
        " the colon.",
        (_CAUSE + "test_protocol_errors", "tests/device/test_unusual.py::test_what_was_wrong_is_said"),
        inside=(
            "packet 0x%02x before CONNACK", "packet 0x%02x", "packet 0x%02x of %d bytes", "topic of a large packet",
            "remaining length", "packet id 0", "PUBLISH 0x%02x", "topic %r", "WebSocket frame: %s",
        ),
    ),  # fmt: skip
    Row(
        "no-memory",
        ("no memory in time: free some", "no memory for the network: free some"),
        "There was no memory for what the link needed, several times in a row: it was given up. What was accepted is"
        " kept.",
        "Less of your own in the heap, `gc.collect()` after large work, smaller `queue_bytes`; the compiled library"
        " (`thing flash` writes it so) or one in [ROMFS](tools.md).",
        (
            "tests/device/test_outgoing.py::test_a_heap_that_stays_full_ends_the_link_in_the_time_out",
            _CAUSE + "test_what_tcp_gave_up",
        ),
    ),
    Row(
        "interrupted",
        ("the attempt was interrupted",),
        "Ctrl-C (or another exception of the program) ended an attempt to connect.",
        "Nothing: the next `poll` connects anew.",
        ("tests/device/test_waiting.py::test_ctrl_c_in_an_attempt",),
    ),
)
