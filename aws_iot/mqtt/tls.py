"""A TLS client context from certificates and keys as AWS hands them out (PEM or DER, bytes or str)."""

import sys

import aws_iot


def context(cert=None, key=None, cacert=None, verify=True):
    """A context that verifies the server (chain, host name, dates) and shows ``cert`` with its private ``key``.

    All are PEM or DER, bytes or str. ``key`` may be a function that signs, see web/key.py. ``cacert`` None means Amazon
    Root CA 1 and 3.
    ValueError names what is wrong.
    https://docs.aws.amazon.com/iot/latest/developerguide/server-authentication.html
    """
    if (cert is None) != (key is None):
        raise ValueError("certificate and private key go together")
    if sys.implementation.name != "micropython":
        from .. import _cpython

        result = _cpython.context(verify)
    else:
        import tls

        result = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        # said, not assumed: the default is another in the ssl module of the same firmware
        result.verify_mode = tls.CERT_REQUIRED if verify else tls.CERT_NONE  # type: ignore[attr-defined]
    if cert is not None and callable(key):
        aws_iot.web.key.load(result, read(cert, "certificate"), key)
    elif cert is not None:
        pair = read(cert, "certificate"), read(key, "private key")
        try:
            load(result.load_cert_chain, *pair)
        except (ValueError, OSError, IndexError) as error:
            raise ValueError(aws_iot.credentials.tell(error, cert, key))
    for ca in _authorities(cacert):
        try:
            load(result.load_verify_locations, ca)
        except (ValueError, OSError, IndexError) as error:
            raise ValueError(aws_iot.credentials.tell(error, ca))
    return result


def load(method, *data):
    try:
        method(*data)
    except (ValueError, OSError):
        # ports other than the ESP32 read only DER before MicroPython 1.29 (micropython PR 19569): the first of a chain
        method(*[aws_iot.credentials.unwrap(_der(item)) for item in data])


def prepare(client):
    """The context for the client's ``ssl``: a context, or True with ``ssl_params``."""
    ssl, get = client.ssl, client.ssl_params.get
    if ssl is True:
        return context(get("cert"), get("key"), get("cadata"), get("cert_reqs", 2) != 0)
    if sys.implementation.name != "micropython":
        from .. import _cpython

        return _cpython.prepare(ssl)
    return ssl


def read(value, what):
    """``value`` (PEM or DER, bytes or str) as bytes: as DER, which is smaller and which all ports take, unless it is a
    chain.
    """
    if isinstance(value, str):
        value = value.encode()
    elif not isinstance(value, bytes):
        raise ValueError(what + ": bytes or str expected")
    if not value:
        raise ValueError("%s: nothing is in it" % what)
    if b"-----BEGIN" in value:
        value = value.replace(b"\\n", b"\n")  # from a variable of an environment or a JSON text
        try:
            return value if value.count(b"-----BEGIN CERTIFICATE") > 1 else _der(value)
        except ValueError:
            return value.rstrip(b"\0")  # Zerynth's loader appends a NUL
    if not value.startswith(b"\x30"):
        raise ValueError(what + ": neither PEM nor DER (it is the content that is wanted, not a file name)")
    return value


def _der(data):
    """The content of the PEM ``data`` as DER: of a key, or of the first certificate."""
    # a key file may begin with its curve's parameters, a certificate file may end with its issuer
    at = data.rfind(b"-----BEGIN") if b"PRIVATE KEY" in data else data.find(b"-----BEGIN")
    if at < 0:
        return data
    from binascii import a2b_base64

    end = data.find(b"-----END", at)
    start = data.find(b"-----", at + 11) + 5  # all may be on one line
    return a2b_base64(memoryview(data)[start : end if end > 0 else len(data)])


def _authorities(cacert):
    """A generator of the certificates to verify a server by: those of ``cacert``, or Amazon's roots."""
    if cacert is None:
        yield aws_iot.roots.CA1
        yield aws_iot.roots.CA3
        return
    data = read(cacert, "cacert")
    if b"-----BEGIN" not in data:
        yield data
        return
    try:
        for part in data.split(b"-----BEGIN")[1:]:
            yield _der(b"-----BEGIN" + part)
    except ValueError as error:
        raise ValueError("cacert: damaged (%s)" % error)
