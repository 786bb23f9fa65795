"""What an error of TLS means, in words: one table of every spelling. Lent by cause.py.

An error of mbedTLS is known by its code: its text is one in Debian's MicroPython (mbedTLS's own), another in all
firmware (MicroPython's short table, 'MBEDTLS_ERR_...'), cut off after 80 bytes, or missing where there was no memory
for it. Known by their texts are those that come without a code: why mbedTLS does not trust a certificate, and what
OpenSSL says on CPython.
https://github.com/Mbed-TLS/mbedtls/blob/v3.6.3/include/mbedtls/ssl.h, and x509.h and bignum.h beside it
https://github.com/micropython/micropython/tree/v1.26.1/lib/mbedtls_errors
"""

import time

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_INVALID_RECORD = const(-0x7200)
# memory allocation failed: of SSL, CIPHER, PKCS7, MD, ECP, PK, DHM, X509, PEM; and of MPI and ASN1, which are added to
# the code of what needed them
_ALLOC = (0x7F00, 0x6180, 0x5780, 0x5180, 0x4D80, 0x3F80, 0x3400, 0x2880, 0x1180)
_ALLOC_LOW = (0x10, 0x6A)

_REFUSED = "the server refused this device's certificate: "
_DAMAGED = "a TLS record was damaged on its way"
# words ("": those of _clock), mbedTLS's code, texts in lower case, each with a space, which no host name has in it; the
# first that fits counts
_TLS = (
    (_DAMAGED, 0x7180, ("bad record mac", "record layer failure")),
    (_REFUSED + "expired", None, ("alert certificate expired",)),
    (_REFUSED + "not active, not registered, or key and certificate differ", 0x7780, (" alert ",)),
    ("", None, ("in the future", "not yet valid")),
    ("the server's certificate has expired, or the clock is wrong", None, ("has expired",)),
    ("the server's certificate is not for %s: wrong endpoint?", None,
     ("the expected cn", "hostname mismatch,", "ip address mismatch,")),
    ("the server's certificate is not signed by the given CA: wrong cacert, or not an -ats endpoint", None,
     ("the trusted ca", "self-signed certificate", "self signed certificate", "issuer certificate")),
    ("no CA was given to verify the server with", 0x7680, ()),
    ("the server's certificate does not hold: wrong cacert, wrong endpoint, or a wrong clock", 0x2700,
     ("certificate verify failed",)),
)  # fmt: skip


def words(client, error, code, up):
    """Words for what mbedTLS and OpenSSL say; None for what they do not explain."""
    text = ""
    if code > -256:
        text = str(error).lower()
    elif -code & 0xFF80 in _ALLOC or -code & 0x7F in _ALLOC_LOW:
        code = 12
    elif code == _INVALID_RECORD and up:  # sooner, it is no TLS that the server speaks
        return _DAMAGED
    if code in (12, -12):
        return "no memory for TLS: free some before connecting"
    for found, number, texts in _TLS:
        if -code == number or [1 for each in texts if each in text]:
            return found.replace("%s", client.ssl_params.get("server_hostname") or client.server) or _clock()
    if isinstance(error, ValueError) and not code:
        return str(error)  # ours: a certificate or key that cannot be used
    return None


def _clock():
    """Words for a certificate that begins in the future."""
    today = time.gmtime()
    date = "%d-%02d-%02d" % today[:3]
    if today[0] < 2025:
        return "the clock is not set (it says %s): set it, by NTP, before connecting" % date
    return "the server's certificate is not yet valid, or the clock (%s) is behind" % date
