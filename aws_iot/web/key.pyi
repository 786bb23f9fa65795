"""A private key that never leaves its chip: a function signs in its place, and asks for the certificate. Lent for each
TLS context that has one, and for a request.

https://github.com/micropython/micropython/pull/15905 (SSLContext.ecdsa_sign_callback)
"""

from collections.abc import Callable

def request(public: bytes | bytearray, sign: Callable[[bytes], bytes | bytearray | memoryview], name: str) -> bytes:
    """The request, DER, for the ``public`` key (x and y, 64 bytes), signed by ``sign`` as for load(), for ``name``.

    AWS makes a certificate of it.
    https://docs.aws.amazon.com/iot/latest/apireference/API_CreateCertificateFromCsr.html
    """
