"""One end of a TLS handshake, with what OPENSSL_CONF leaves it. Arguments: `serve` CERTIFICATE KEY, which prints its
port and serves until stdin ends; or `join` PORT SUITES VERSION CERTIFICATE KEY, which prints what came of it.
"""

import socket
import ssl
import sys
import threading

from tests.harness.board_tls import server_context


def serve(certificate, key):
    context = server_context()
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=_answer, args=(listener, context), daemon=True).start()
    sys.stdin.read()


def _answer(listener, context):
    while True:
        connection, _ = listener.accept()
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError:
            connection.close()


def join(port, suites, version, certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion[version]
    context.set_ciphers(suites)
    context.load_cert_chain(certificate, key)
    try:
        with socket.create_connection(("127.0.0.1", int(port)), 30) as plain, context.wrap_socket(plain) as wrapped:
            print("joined", wrapped.version(), wrapped.cipher()[0])
    except ssl.SSLError as error:
        print("refused", error.reason)


{"serve": serve, "join": join}[sys.argv[1]](*sys.argv[2:])
