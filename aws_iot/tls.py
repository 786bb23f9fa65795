"""A TLS client context from certificates and keys as AWS hands them out (PEM or DER, bytes or str)."""

import sys

_BEGIN = b"-----BEGIN"
_ROOTS = ("AmazonRootCA1.pem", "AmazonRootCA3.pem")


def context(cert=None, key=None, cacert=None, verify=True):
    """A context that verifies the server (chain, host name, dates) and shows ``cert`` with its private ``key``.

    ``cacert`` None means Amazon Root CA 1 and 3, read from the files beside this one. ValueError names what is wrong.
    https://docs.aws.amazon.com/iot/latest/developerguide/server-authentication.html
    """
    if (cert is None) != (key is None):
        raise ValueError("certificate and private key go together")
    cert = cert and _content(cert, "certificate")
    key = key and _content(key, "private key")
    if sys.implementation.name != "micropython":
        from . import _cpython

        cas = _certificates(_content(cacert, "cacert")) if cacert else [_root(name) for name in _ROOTS]
        return _cpython.context(cert, key, cas, verify)
    import tls

    result = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    # said, not assumed: the default is another in the ssl module of the same firmware
    result.verify_mode = tls.CERT_REQUIRED if verify else tls.CERT_NONE
    if cert:
        _load(result.load_cert_chain, "certificate or private key", cert, key)
    for name in (None,) if cacert else _ROOTS:  # one after the other: the heap may be small
        content = _root(name) if name else _content(cacert, "cacert")
        try:
            result.load_verify_locations(content)
        except (ValueError, OSError):
            for ca in _certificates(content):
                _load(result.load_verify_locations, "cacert", ca)
    return result


def prepare(client):
    """The context for the client's ``ssl``: a context, (certificate, key, CA) of a Thing, or True with
    ``ssl_params``.
    """
    ssl, get = client.ssl, client.ssl_params.get
    if ssl is True:
        ssl = (get("cert"), get("key"), get("cadata"), get("cert_reqs", 2) != 0)
    if isinstance(ssl, tuple):
        made = context(*ssl)
        client.ssl = True  # mbedTLS has its own copy; the texts need not stay
        return made
    if sys.implementation.name != "micropython":
        from . import _cpython

        return _cpython.prepare(ssl)
    return ssl


def _content(value, what):
    if isinstance(value, str):
        value = value.encode()
    elif not isinstance(value, bytes):
        raise ValueError(what + ": bytes or str expected")
    if _BEGIN in value:
        return value.rstrip(b"\0") if value.endswith(b"\0") else value  # Zerynth's loader appends a NUL
    if not value.startswith(b"\x30"):
        raise ValueError(what + ": neither PEM nor DER (it is the content that is wanted, not a file name)")
    return value


def _load(method, what, *data):
    try:
        method(*data)
    except (ValueError, OSError):
        # ports other than the ESP32 read only DER before MicroPython 1.29 (micropython PR 19569)
        try:
            method(*[_der(item) for item in data])
        except (ValueError, OSError) as error:
            raise ValueError("%s: damaged, encrypted or of an unknown kind (%s)" % (what, error))


def _der(data):
    # a key file may begin with its curve's parameters, a certificate file may end with its issuer
    at = data.rfind(_BEGIN) if b"PRIVATE KEY" in data else data.find(_BEGIN)
    if at < 0:
        return data
    from binascii import a2b_base64

    body = []
    for line in data[at:].split(b"\n")[1:]:
        if line.startswith(b"-----"):
            break
        body.append(line)
    return a2b_base64(b"".join(body))


def _certificates(data):
    if _BEGIN not in data:
        return [data]
    return [_BEGIN + part for part in data.split(_BEGIN)[1:]]


def _root(name):
    try:
        with open(__file__.rsplit("/", 1)[0] + "/" + name, "rb") as file:
            return file.read()
    except OSError:
        raise ValueError(name + " is not beside the aws_iot package: copy it there, or give cacert")
