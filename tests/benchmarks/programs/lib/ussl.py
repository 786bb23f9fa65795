"""The module that umqtt.simple 1.3.4 asks for, in terms of the one that MicroPython has had since 1.23."""

import tls


def wrap_socket(sock, cert, key, cadata, server_hostname):
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata)
    context.load_cert_chain(cert, key)
    return context.wrap_socket(sock, server_hostname=server_hostname)
