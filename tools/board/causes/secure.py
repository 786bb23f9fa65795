"""Causes of TLS: the server's certificate, the device's, and files that are none."""

from .row import Row

_CAUSE, _TLS = "tests/device/test_cause.py::", "tests/device/test_tls.py::"
_EVERY = (_CAUSE + "test_every_cause_in_every_spelling",)

ROWS = (
    Row(
        "clock-not-set",
        ("the clock is not set (it says %s): set it, by NTP, before connecting",),
        "Certificates are valid between two dates, and to this board it is the year 2000.",
        "`ntptime.settime()` once Wi-Fi is joined, before the first `connect`. `helpers.py` of a new project does so;"
        " `thing flash` sets the clock until the power goes.",
        (_CAUSE + "test_a_clock_that_was_not_set",),
        doctor=("it is %s days off",),
    ),
    Row(
        "clock-behind",
        ("the server's certificate is not yet valid, or the clock (%s) is behind",),
        "The server's certificate begins in the future of this clock.",
        "Set the clock, by NTP. If it is right, the server's certificate is new: look at the server.",
        (_CAUSE + "test_a_clock_that_was_not_set",),
        doctor=("certificate is not yet valid",),
    ),
    Row(
        "server-expired",
        ("the server's certificate has expired, or the clock is wrong",),
        "The server's certificate ended in the past of this clock.",
        "Is the board's clock ahead? If it is right and the server is your own: renew its certificate.",
        _EVERY,
        doctor=("certificate has expired",),
    ),
    Row(
        "not-for-this-name",
        ("the server's certificate is not for %s: wrong endpoint?",),
        "Someone answered who is not the one that was asked for: an address in place of a name, or another server.",
        "`endpoint` must be the name that stands in the certificate, `....-ats.iot.REGION.amazonaws.com`. If your"
        " endpoint is an address on purpose, the server's certificate must have that address; by the doors other than"
        " MQTT the thing's `host` is the name.",
        _EVERY,
        doctor=("the server's certificate is for another name",),
    ),
    Row(
        "not-signed-by-the-ca",
        ("the server's certificate is not signed by the given CA: wrong cacert, or not an -ats endpoint",),
        "The chain of the server's certificate does not end at an authority that the board trusts: Amazon Root CA 1"
        " and 3, or `cacert` of `thing.conf.json`.",
        "At AWS: take the endpoint of type `iot:Data-ATS` and no `cacert`. With the local AWS: `thing use` and"
        " `thing flash` bring its CA anew. In an office: a proxy that opens TLS signs with a CA of its own.",
        _EVERY,
        doctor=("the server's certificate is not signed by the expected CA", "%s is the legacy endpoint"),
    ),
    Row(
        "certificate-does-not-hold",
        ("the server's certificate does not hold: wrong cacert, wrong endpoint, or a wrong clock",),
        "TLS refuses the server's certificate and does not say why (firmware without mbedTLS's texts).",
        "Go through the rows above: clock, endpoint, CA. `thing doctor` from a computer says which.",
        _EVERY,
    ),
    Row(
        "no-ca",
        ("no CA was given to verify the server with",),
        "A TLS context of your own demands a certificate and has no authority to judge it by.",
        "Leave the context to `Thing` (it has Amazon's roots), or `load_verify_locations` in yours.",
        _EVERY,
    ),
    Row(
        "device-refused",
        (
            "the server refused this device's certificate: not active, not registered, or key and certificate differ",
            "the server refused this device's certificate: expired",
        ),
        "The server ended the handshake with an alert after it had seen the device's certificate.",
        "Is it ACTIVE, in this account and region (`thing doctor` asks)? Do key and certificate belong together"
        " (`thing doctor`, stage 2)? After a local AWS was deleted: its CA is new, so `thing add`, `thing flash`.",
        _EVERY,
    ),
    Row(
        "closed-in-the-handshake",
        (
            "closed in the TLS handshake: device certificate refused (is the key its own?), or no TLS server at %s"
            " (%s)",
        ),
        "The connection ended while TLS was made: a refusal whose alert got lost, or a server that speaks no TLS.",
        "As for the row above; and is the port one with TLS (8883, not 1883)?",
        (_CAUSE + "test_the_race_of_a_refusal", _CAUSE + "test_a_record_that_is_none"),
        doctor=("the handshake failed",),
    ),
    Row(
        "record-damaged",
        ("a TLS record was damaged on its way",),
        "A byte arrived changed, which TLS notices. The link is closed.",
        "It is connected anew. If it comes often: power supply and antenna of the board, then the network's box.",
        (*_EVERY, _CAUSE + "test_a_record_that_is_none"),
    ),
    Row(
        "no-memory-for-tls",
        ("no memory for TLS: free some before connecting",),
        "A handshake needs some 50 KB at once, partly in one piece, on ESP32 outside of Python's heap.",
        "Connect before large things are made; `gc.collect()` before; one TLS connection at a time. The board's table"
        " in [Start](start.md) says which have PSRAM.",
        (_CAUSE + "test_no_memory",),
    ),
    Row(
        "files-of-the-thing",
        (
            "certificate and private key go together",
            "certificate and private key are swapped",
            "%s: it is %s",
            "certificate or private key: %s, or not of one pair (%s)",
            "cacert: %s (%s)",
            "cacert: damaged (%s)",
            "%s: bytes or str expected",
            "%s: nothing is in it",
            "%s: neither PEM nor DER (it is the content that is wanted, not a file name)",
        ),
        "A certificate or a key is not what it should be; the text says which and what it is instead.",
        "`thing use` writes the active thing's files anew. By hand: `certificate` and `key` are the *contents* of the"
        " two files that AWS gave, PEM or DER; a key without a password.",
        (
            _CAUSE + "test_certificates_that_cannot_be_used",
            _TLS + "test_what_is_wrong_is_named",
            _TLS + "test_each_wrong_file_is_told_by_what_it_says_of_itself",
            _TLS + "test_what_is_empty_is_no_absence",
        ),
        inside=(
            "a certificate", "a private key", "damaged or of an unknown kind", "a key of ssh", "a public key",
            "it is %s",
            "a request for a certificate (CSR), not what AWS made of it",
            "a private key with a password: take it off with openssl pkey -in FILE -out FILE",
            "a PKCS#12 file: take certificate and key out with openssl pkcs12", "private key",
        ),
    ),  # fmt: skip
    Row(
        "key-in-a-chip",
        (
            "key: a function that signs needs firmware that was built with MICROPY_PY_SSL_ECDSA_SIGN_ALT, which this"
            " was not",
            "key: 64 bytes are the signature, r and s, or DER",
            "certificate: %s",
        ),
        "The thing's key is a function, for a key in a chip, and this firmware or this function cannot do that.",
        "[A key in a chip](secure-element.md) has the firmware's switch, and what the function gives.",
        (
            "tests/device/test_key.py::test_firmware_without_it",
            "tests/device/test_key.py::test_what_a_signature_is",
            "tests/device/test_key.py::test_a_certificate_that_goes_with_no_chip",
        ),
    ),
)
