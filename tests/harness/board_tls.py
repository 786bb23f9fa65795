"""TLS as boards have it, on the servers of the tests: what an ESP32 or an rp2 cannot do is switched off there.

Neither has TLS 1.3, ChaCha20, X25519 or Brainpool; rp2, stm32 and mimxrt have no RSA-PSS and no CCM. What both have is
left: TLS 1.2 by ECDHE or RSA with AES in GCM or CBC mode, NIST's curves, RSA signatures by PKCS #1 v1.5.
https://github.com/micropython/micropython/blob/master/extmod/mbedtls/mbedtls_config_common.h
https://github.com/micropython/micropython/blob/master/ports/esp32/boards/sdkconfig.base, over ESP-IDF's defaults

Mosquitto's TLS 1.2 listeners are always so. `OPENSSL_CONF=tests/harness/board_tls.cnf` in front of a run makes all
servers so: OpenSSL reads it when a process starts, and Python's contexts follow it but for their list of suites.
"""

import os
import ssl
from pathlib import Path

CONFIGURATION = Path(__file__).with_name("board_tls.cnf")
SUITES = "ECDHE+AES:kRSA+AES:!AESCCM"


def everywhere() -> bool:
    """Whether all servers of this run are so."""
    return Path(os.environ.get("OPENSSL_CONF", "/none")).resolve() == CONFIGURATION


def server_context() -> ssl.SSLContext:
    """The context of a server of the tests, without a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if everywhere():
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(SUITES)
    return context
