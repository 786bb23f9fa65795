"""aws_iot.web.sigv4 against signatures that botocore made (tests/vectors/sigv4.jsonl)."""

from vectors import vectors

import aws_iot.web.sigv4 as sigv4


def _keys(row):
    return row["access_key"], row["secret_key"], row.get("session_token")


def _rows(kind):
    found = [row for row in vectors("sigv4") if row["kind"] == kind]
    assert found
    return found


def test_the_url_of_a_websocket():
    for row in _rows("mqtt_wss_presign"):
        place = row["host"], row["path"], row["region"], row["service"]
        pieces = list(sigv4.url(_keys(row), row["amz_date"], *place))
        assert "wss://" + row["host"] + "".join(pieces) == row["url"], row["id"]
        assert max(map(len, pieces)) < 400


def test_the_headers_of_a_request():
    for row in _rows("http_header"):
        place = row["host"], row["path"], sigv4.encoded(**row["query"]), sigv4.hashed(row["body"].encode())
        kind = row.get("content_type")
        pieces = sigv4.headers(
            _keys(row), row["amz_date"], row["method"], *place, row["region"], row["service"], kind
        )
        lines = "".join(pieces).split("\r\n")
        assert lines.pop() == ""
        assert lines[0] == "x-amz-date: " + row["amz_date"]
        assert lines[-1] == "authorization: " + row["authorization"], row["id"]
        token = row.get("session_token")
        assert lines[1:-1] == (["x-amz-security-token: " + token] if token else [])


def test_a_long_token_comes_in_pieces():
    token = "IQoJb3JpZ2luX2VjE/+=" * 70
    pieces = list(sigv4.url(("A", "s", token), "20240115T103000Z", "h", "/mqtt", "eu-west-1", "iotdevicegateway"))
    assert "".join(pieces).endswith("&X-Amz-Security-Token=" + sigv4.quote(token))
    assert max(map(len, pieces)) < 400


def test_s3_is_told_the_digest_and_signs_the_path_as_it_is():
    keys, place = ("A", "s" * 80, None), ("PUT", "b.s3.amazonaws.com", "/a%20b", "")
    text = "".join(sigv4.headers(keys, "20240115T103000Z", *place, sigv4.UNSIGNED, "eu-west-1", "s3"))
    assert "x-amz-content-sha256: UNSIGNED-PAYLOAD\r\n" in text
    assert "SignedHeaders=host;x-amz-content-sha256;x-amz-date, " in text


def test_the_date_and_the_query():
    assert sigv4.dated((2024, 1, 5, 3, 7, 9, 0, 5)) == "20240105T030709Z"
    assert sigv4.encoded(name="\u00fc b", pageSize=5, nextToken=None) == "name=%C3%BC%20b&pageSize=5"
    assert sigv4.encoded() == ""
