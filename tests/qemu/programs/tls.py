"""Stands in for the firmware's tls, whose mbedTLS is not in Debian's source of MicroPython: takes certificates unseen.

Nothing is ever connected with it: there is no network either.
"""

PROTOCOL_TLS_CLIENT = 0
CERT_NONE, CERT_REQUIRED = 0, 2


class SSLContext:
    def __init__(self, protocol):
        pass

    def load_cert_chain(self, cert, key):
        pass

    def load_verify_locations(self, cadata):
        pass
