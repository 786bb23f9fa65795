"""aws_iot.fota.signature against RFC 6979 (ECDSA), signatures made by OpenSSL (RSA), and forgeries."""

import hashlib
from binascii import a2b_base64, unhexlify

import aws_iot.fota.signature as signatures
from aws_iot.fota.public_key import keys, read

# RFC 6979 appendix A.2.5: P-256, SHA-256, message "sample"
_EC_KEY = """\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7
Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==
-----END PUBLIC KEY-----
"""
_R = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
_S = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
_ORDER = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"

_RSA_KEY = """\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArhIf9Lr8cF29lpIlatSL
BUy1XvwQTW5fBQdmdixaekQFTEdg6mHRv/7E6BimhMxwDcC4V724rx3L+V7Mk4ka
99pJEdbGv7/FSSOVokTWWC6eBCv6PBm7nvolBIuvHavttUxhl0eTFJBA4AYaOZib
xMzQYU2f8SkhQNaOA1PONt7w/0+VKkPTIdko7WzJKzF6irmZapzQvy08H0x3jvF4
6hpm31zGIBuRoBsLlzIlnNwinQnyP91VxKTvn4PNb2pAkR09wDEB1jlLJk55tATb
Q9bmvZWrqM9D7b8k9Brba+dQgF3hqwy2jod/AWlJQqMEGIsK0GNcJ7or1ju5Bi+A
kQIDAQAB
-----END PUBLIC KEY-----
"""
_RSA_SIGNATURE = (
    "5f06c205248c7434396d56b6cc913c63afd1cf0c93581ddc01a3bbdd3b542f14df0d483d9dbe8736f1c0738213901e2f44a333e4f85cb832"
    "b74f5c52e14dd2c46ec17c121b8ea06af73ba102121bcafac7278af72a9063055086942d99fed5e442f28ee45d5d38e7ca7798c306f1315c"
    "9a3d8b3200510308d0d7a0f285168fae1621827a9b2f7e987d5bb9a5312d11646b2c6eb1173647ba4b370442c81ee0a4a18385039454f02f"
    "56659570293476ba9b51fb3aa2188bdd3a690643c1c4d782e3106d16f328c81f6afc320af69df7a421921a1ebccc724570692b20b3c2d8b4"
    "faa1e2cf673209c3132dfee711ea2020647840f64445784669d69da4f34cdb4c"
)
# the same key and message, but PSS padding, and PKCS#1 v1.5 over SHA-512
_RSA_PSS = (
    "ad1e8fdaa05ac1110a7daf7b079cad48a7581453a9c585f0bab99ab78fe7a227a73fdf277d0d981ff0a1e8d0535b0353e3e57b0cc11a7c69"
    "dae0cf2c5a44c9aff0cc901d156c691c7fba5d7bc215b49fd82e0274ecc73806a3a9fbcdcd25d65aadd12901f5a1845afd149e1b42fab47e"
    "47534423e70e3806fef586d457a78976a30bc207e682eebd3a52669b8b1e6096ba5c7aec8273fd9a6206d5c92795baf8c5c854f659326d70"
    "b965de41fd0e919f2511e547df2251f2ab256a68fb701a4d0dcbc93bfc2ddf6893d6c7700419ad970825544f9064607f17f9ef2548259ee9"
    "5771d8c05d6ca1a2c8e4a6348a1f4da68b2c4e7d756f470fcf120b3190952dc2"
)
_RSA_SHA512 = (
    "ad91524db10e8e2ecaefe7f748bcffcf7b90bda388edbb699a64e7a4d9406650058201f195721435baec3bb6508ee64d9f6846faffd1a132"
    "e8805424251ec7d7de9ab6dbee524f595c02ac0f3bdf7dda3f209d1f3403cfd30e8ed1cf6cc2c0e84ba7531beae847bb8b7a8b230f4dfd07"
    "378e9338cbbb44dbc484bc05896356d9d741b3beb30fff7d51629c74cbbefa23d29d4cc0ce3b20bfcb8589dba445f50778048f1eb234330c"
    "1b4fe782d702e997b960a9c4fe41f532f3a80d30f5ee6d8b98122a4b159253149e91b2458bcdf39f9f73fdc9350f179509e4c63985250036"
    "8e27e49f4e683a318fb0ede1d0dbc6212af8cc59daa46512c7c15f3d26e1d12f"
)
_RSA_1024 = """\
-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC4o36yvZsbxvQESTb0yiHkReOZ
NBB9pVl6+NDISciJeYUmGlReZSN9BAUm55Kf1NXtWhmlq5cTYU6LeF/SYCaGCslk
Hr7a0D/T93MbkFBxm1txj9tYvdjUjlHY+ReL59BvXl/mYe44FyXQunzGTBdevI4m
Pyt9fduHu6/TAXwTPwIDAQAB
-----END PUBLIC KEY-----
"""
_P384 = """\
-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAECwsdlBoqcuGReVTo5LnwD/fCYcjuBkhX
SkNCNifNSTxmIaKxvqV7kAYgpabdipresIdAcCyMZz0TNcHev1ObIhpTj0g39jB4
3ynfZjhoMLq5Fkxu4d8eZYSOvTXtKK7R
-----END PUBLIC KEY-----
"""

_DIGEST = hashlib.sha256(b"sample").digest()
_OTHER = hashlib.sha256(b"simple").digest()


def _der(r, s):
    """The hexadecimal r and s as a DER signature, each with a leading zero byte where the sign bit asks for one."""
    parts = b""
    for number in (unhexlify(r), unhexlify(s)):
        number = b"\0" + number if number[0] & 0x80 else number
        parts += bytes((2, len(number))) + number
    return bytes((0x30, len(parts))) + parts


def _bytes_of(pem):
    return a2b_base64("".join(pem.split("\n")[1:-2]))


def verify(key, digest, signature):
    """What all the steps come to."""
    work = signatures.verify(read(key), digest, signature)
    steps = 0
    try:
        while True:
            assert next(work) is True
            steps += 1
    except StopIteration as end:
        assert not end.value or steps > 1
        return end.value


def _refused(key):
    try:
        read(key)
    except ValueError as error:
        return str(error)
    return ""


def test_ecdsa_signature_of_the_rfc_is_good_in_der_and_raw():
    assert verify(_EC_KEY, _DIGEST, _der(_R, _S))
    assert verify(_EC_KEY, _DIGEST, unhexlify(_R + _S))
    assert verify(_EC_KEY, _DIGEST, memoryview(_der(_R, _S)))


def test_key_may_be_pem_or_der_str_or_bytes():
    for key in (_EC_KEY.encode(), _EC_KEY.replace("\n", "\r\n"), _bytes_of(_EC_KEY), "\n" + _EC_KEY):
        assert verify(key, _DIGEST, _der(_R, _S)), key


def test_ecdsa_signature_of_another_message_is_bad():
    assert not verify(_EC_KEY, _OTHER, _der(_R, _S))


def test_any_changed_byte_of_an_ecdsa_signature_makes_it_bad():
    good = _der(_R, _S)
    for at in range(len(good)):
        bad = bytearray(good)
        bad[at] ^= 1
        assert not verify(_EC_KEY, _DIGEST, bytes(bad)), at


def test_truncated_ecdsa_signatures_are_bad():
    good = _der(_R, _S)
    for size in range(len(good)):
        assert not verify(_EC_KEY, _DIGEST, good[:size]), size
    assert not verify(_EC_KEY, _DIGEST, good + b"\0")


def test_r_and_s_out_of_range_are_bad():
    # Psychic signatures (CVE-2022-21449): zero would satisfy the equation of a careless verifier
    zero = "00" * 32
    for r, s in ((zero, zero), (zero, _S), (_R, zero), (_ORDER, _S), (_R, _ORDER), ("ff" * 32, "ff" * 32)):
        assert not verify(_EC_KEY, _DIGEST, unhexlify(r + s)), (r, s)


def test_key_equal_to_the_base_point_or_its_negative_is_handled():
    # private keys 1 and n-1: the joint table then doubles a point, or meets infinity
    head = _bytes_of(_EC_KEY)[:26]
    x = unhexlify("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")
    y = int("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5", 16)
    prime = (1 << 256) - (1 << 224) + (1 << 192) + (1 << 96) - 1
    order, digest = int(_ORDER, 16), int.from_bytes(_DIGEST, "big")
    for secret, ordinate in ((1, y), (order - 1, prime - y)):
        key = head + b"\x04" + x + ordinate.to_bytes(32, "big")
        # nonce 1: r is the base point's abscissa, s = digest + r * secret
        r = int.from_bytes(x, "big") % order
        s = (digest + r * secret) % order
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        assert verify(key, _DIGEST, signature), secret
        assert not verify(key, _OTHER, signature), secret


def test_rsa_signature_is_good():
    assert verify(_RSA_KEY, _DIGEST, unhexlify(_RSA_SIGNATURE))
    assert verify(_bytes_of(_RSA_KEY), _DIGEST, unhexlify(_RSA_SIGNATURE))


def test_rsa_signature_that_is_wrong_is_bad():
    good = unhexlify(_RSA_SIGNATURE)
    assert not verify(_RSA_KEY, _OTHER, good)
    assert not verify(_RSA_KEY, _DIGEST, good[:-1])
    assert not verify(_RSA_KEY, _DIGEST, b"\0" + good)
    assert not verify(_RSA_KEY, _DIGEST, b"\xff" * 256)
    assert not verify(_RSA_KEY, _DIGEST, bytes(256))
    assert not verify(_RSA_KEY, _DIGEST, b"")
    assert not verify(_RSA_KEY, _DIGEST, _der(_R, _S))
    for at in range(0, 256, 17):
        bad = bytearray(good)
        bad[at] ^= 0x10
        assert not verify(_RSA_KEY, _DIGEST, bytes(bad)), at


def test_rsa_padding_and_hash_of_another_kind_are_bad():
    assert not verify(_RSA_KEY, _DIGEST, unhexlify(_RSA_PSS))
    assert not verify(_RSA_KEY, _DIGEST, unhexlify(_RSA_SHA512))


def test_other_keys_are_refused():
    assert _refused(_RSA_1024)
    assert _refused(_P384)
    assert _refused("")
    assert _refused(b"\x30\x03\x02\x01\x01")
    assert _refused("-----BEGIN PUBLIC KEY-----\nZm9v\n-----END PUBLIC KEY-----\n")


def test_key_off_the_curve_is_refused():
    key = bytearray(_bytes_of(_EC_KEY))
    key[-1] ^= 1
    assert _refused(bytes(key))


def test_what_is_no_public_key_is_named():
    pem = "-----BEGIN %s-----\nMAA=\n-----END %s-----\n"
    for key, words in (
        ("", "is empty"), (b" \n", "is empty"), ("firmware.key.pub", "the name of a file"), (7, "str or bytes"),
        (pem % (2 * ("EC PRIVATE KEY",)), "the private key"), (pem % (2 * ("CERTIFICATE",)), "a certificate"),
        (pem % (2 * ("RSA PUBLIC KEY",)), "PKCS#1"), ("ssh-ed25519 AAAA", "an ssh key"), (_P384, "only P-256"),
        (pem % (2 * ("X509 CRL",)), "another kind"), (_EC_KEY[:90], "damaged"), (_RSA_1024, "2048 to 4096"),
    ):  # fmt: skip
        assert words in _refused(key), key
    for given in ([], (), [_EC_KEY, ""], [None]):
        try:
            keys(given)
        except ValueError:
            continue
        raise AssertionError(given)
    assert keys(_EC_KEY) == [read(_EC_KEY)] and keys((_EC_KEY, _RSA_KEY)) == [read(_EC_KEY), read(_RSA_KEY)]


def test_pem_of_other_editors_is_read():
    for key in ("\ufeff" + _EC_KEY, "comment\n" + _EC_KEY, _EC_KEY.replace("\n", "\n  "), _EC_KEY.rstrip()):
        assert read(key) == read(_EC_KEY)


def test_truncated_keys_are_refused():
    for pem in (_EC_KEY, _RSA_KEY):
        key = _bytes_of(pem)
        for size in range(0, len(key), 5):
            assert _refused(key[:size]), size


def test_digest_of_another_length_is_a_value_error():
    for size in (0, 20, 31, 33, 64):
        try:
            verify(_EC_KEY, bytes(size), _der(_R, _S))
        except ValueError:
            continue
        raise AssertionError(size)


def test_lengths_and_integers_that_der_forbids_are_bad():
    good = _der(_R, _S)
    r, s = b"\0" + unhexlify(_R), b"\0" + unhexlify(_S)
    assert good == b"\x30\x46\x02\x21" + r + b"\x02\x21" + s
    for bad in (
        b"\x30\x81\x46" + good[2:],  # long form of a short length
        b"\x30\x80" + good[2:] + b"\0\0",  # indefinite length
        b"\x30\x84\0\0\0\x46" + good[2:],  # length of four bytes
        b"\x30\x44\x02\x20" + r[1:] + b"\x02\x20" + s[1:],  # negative
        b"\x30\x48\x02\x22\0" + r + b"\x02\x22\0" + s,  # a zero byte too many
        b"\x30\x25\x02\0\x02\x21" + s,  # an integer of no bytes
        good + b"\0",
    ):
        assert not verify(_EC_KEY, _DIGEST, bad), bad


def test_keys_with_more_or_fewer_bytes_are_refused():
    for pem, size in ((_EC_KEY, 66), (_RSA_KEY, 271)):
        key = _bytes_of(pem)
        assert _refused(key + b"\0")
        at = len(key) - size  # the bit string's first byte: how many bits are unused
        assert key[at] == 0
        assert _refused(key[:at] + b"\1" + key[at + 1 :])


def _element(tag, data):
    size = bytes((len(data),)) if len(data) < 128 else b"\x82" + len(data).to_bytes(2, "big")
    return bytes((tag,)) + size + data


def _rsa_key(modulus, exponent, size):
    numbers = _element(2, b"\0" + modulus.to_bytes(size, "big")) + _element(2, bytes((exponent,)))
    algorithm = _element(0x30, unhexlify("06092a864886f70d0101010500"))
    return _element(0x30, algorithm + _element(3, b"\0" + _element(0x30, numbers)))


def test_rsa_key_of_2064_bits():
    # of a chosen signature the cube is the padded digest plus a modulus: one for which this signature is good
    size = 258
    info = unhexlify("3031300d060960864801650304020105000420") + _DIGEST
    padded = int.from_bytes(b"\0\1" + b"\xff" * (size - 3 - len(info)) + b"\0" + info, "big")
    signature = (1 << 688) - 1 - (padded & 1)
    key = _rsa_key(signature * signature * signature - padded, 3, size)
    good = signature.to_bytes(size, "big")
    assert verify(key, _DIGEST, good)
    assert not verify(key, _OTHER, good)
    assert not verify(key, _DIGEST, good[1:])


def test_rsa_keys_of_an_unsafe_kind_are_refused():
    odd = (1 << 2047) + 1
    for modulus, exponent, size in ((odd, 1, 256), (odd, 4, 256), (odd - 1, 3, 256), (odd >> 1 | 1, 3, 256)):
        assert _refused(_rsa_key(modulus, exponent, size)), (exponent, size)
    assert _refused(_rsa_key((1 << 4096) + 1, 3, 513))
