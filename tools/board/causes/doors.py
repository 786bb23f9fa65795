"""Causes of the doors that sign or go by HTTPS: keys, the WebSocket, a proxy's answers."""

from .row import Row

_CAUSE = "tests/device/test_cause.py::"
_WEBSOCKET, _KEYS = "tests/device/test_websocket.py::", "tests/system/test_keys.py::"

ROWS = (
    Row(
        "websocket-refused",
        (
            "the WebSocket was refused (HTTP 403): are the keys right and still valid, is the clock (%s UTC) right to"
            " 5 minutes, may they connect (iot:Connect) as client id %s?",
        ),
        "AWS read the signature and said no: wrong or expired keys, a clock more than 5 minutes off, or keys that may"
        " not `iot:Connect` as this client.",
        "The clock first: it stands in the text. Then the keys' policy, `iot:Connect` on `client/NAME`; keys by role"
        " alias have what `thing role-alias create` gave them.",
        (_WEBSOCKET + "test_why_the_upgrade_was_refused",),
        doctor=("refused (HTTP 403",),
    ),
    Row(
        "no-websocket",
        (
            "%s speaks no WebSocket: it says %r",
            "%s speaks no WebSocket, or a proxy answers in its place: HTTP %d",
            "%s does not answer this WebSocket: a proxy answers in its place",
            "closed before the WebSocket was open: is %s:%d AWS's endpoint, and no proxy or firewall between? (%r)",
        ),
        "TLS stands, but who answers is not AWS IoT's WebSocket: another server, a proxy, a portal of a Wi-Fi.",
        "`endpoint` must be that of `iot:Data-ATS`. A portal wants a log-in that a board cannot do; a proxy that opens"
        " TLS must let this name pass.",
        (_WEBSOCKET + "test_why_the_upgrade_was_refused",),
        doctor=("HTTP %s, no WebSocket", "closed instead of answered: a proxy"),
    ),
    Row(
        "no-keys",
        ("keys(): %s", "keys(): %r"),
        "The function `keys` of your program raised, gave what no keys are, or the credential provider gave none; why"
        " stands behind it.",
        "By role alias: is there one of that name, does the certificate's policy allow"
        " `iot:AssumeRoleWithCertificate` on it, does the role trust `credentials.iot.amazonaws.com`?"
        " `thing role-alias create` sees to all of it, `thing doctor --door wss` asks the provider.",
        (
            _WEBSOCKET + "test_keys_that_are_none",
            _KEYS + "test_a_provider_in_trouble",
            _KEYS + "test_no_such_role_alias",
        ),
        inside=(
            "three texts, the last of which may be None",
            "no keys by role alias %s (HTTP %d: %s): is there one of that name, does the certificate's policy allow"
            " iot:AssumeRoleWithCertificate on it, is the certificate active, is it that of thing %s, and does the role"
            " trust credentials.iot.amazonaws.com?",
            "no keys: HTTP %d: %s",
            "%s:%d is no credential provider, or a proxy answers in its place: HTTP %d, %r",
            "the clock is wrong, so AWS would refuse what is signed: it says %s UTC, AWS says %s",
        ),
        doctor=(
            "no keys by role alias", "no role_alias in thing.conf.json", "the credential provider %s does not answer",
            "%s is no credential provider", "the clock of this computer is",
        ),
    ),  # fmt: skip
    Row(
        "https-refused",
        ("HTTP %d: %s",),
        "By HTTPS, AWS answered the first call with an error: busy (429, 5xx), or keys that it does not take (403).",
        "429 and 5xx pass by themselves. 403: the text compares the clock with AWS's; else the keys, and"
        " `iot:GetThingShadow` in their policy.",
        ("tests/system/test_http.py::test_what_is_signed_wrong_is_refused",),
        inside=(
            "is the clock, %s UTC, right to 5 minutes, %s", "the clock, %s UTC, is %d minutes %s AWS's", "ahead of",
            "are the keys right and still valid, does the policy allow it?",
        ),
        doctor=("refused (HTTP 403: %s",),
    ),  # fmt: skip
    Row(
        "no-answer-by-https",
        (
            "no answer from %s:%d in %d ms",
            "%s:%d closed before the end of its answer",
            "%s:%d cut without an answer: refuses this device's certificate, or a bad network",
            "no memory for the answer of %s:%d",
            "%s:%d: %s",
            "%s gives no JSON with HTTP %d: a proxy or a portal answers in AWS's place? It says %r",
        ),
        "By HTTPS, the request went out, and what came back is no answer of AWS: none in time, half of one, or a"
        " proxy's page.",
        "In another network it would go: a portal or a proxy answers in AWS's place. A certificate: is it active, not"
        " expired? Else larger `timeout_ms`.",
        (
            "tests/system/test_http_faults.py::test_what_is_no_answer_of_aws_has_its_words",
            "tests/system/test_keys.py::test_an_expired_certificate",
        ),
        inside=(
            "Content-Length", "more bytes than announced", "an answer of over %d bytes", "a chunk without its size",
            "HTTP headers too long", "not HTTP",
        ),
        doctor=("HTTP %s, %s",),
    ),  # fmt: skip
    Row(
        "needs-mqtt",
        ("a last will needs MQTT: by HTTPS nobody sees that the thing is gone", "QoS: AWS has 0 and 1"),
        "The program asks for what this way cannot do: a last will by HTTPS, or QoS 2.",
        "`door=\"mqtt\"` or `\"wss\"` for a last will; QoS 0 or 1 for it.",
        (
            "tests/device/test_doors.py::test_by_https_there_is_no_last_will",
            _CAUSE + "test_a_last_will_of_qos_2",
        ),
    ),
)
