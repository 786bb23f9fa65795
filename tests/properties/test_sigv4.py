"""Requests signed by aws_iot.web.sigv4 and by botocore: byte by byte the same."""

import datetime
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import botocore.auth
import botocore.awsrequest
import botocore.credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_iot.web import sigv4

_NOW = datetime.datetime(2024, 1, 15, 10, 30)
_STAMP = sigv4.dated(_NOW.timetuple())
_HOST = "a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com"
_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
_printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=90)
_keys = st.tuples(_printable, _printable, st.none() | _printable)
# no segment of dots alone: botocore takes those for steps of the path
_segments = st.lists(_text.filter(lambda text: text.strip(".")), min_size=1, max_size=4)
_services = st.sampled_from(["iotdata", "iot-jobs-data", "s3"])


def _signed(keys, service, request):
    """The headers that botocore adds."""
    signer = {"s3": botocore.auth.S3SigV4Auth}.get(service, botocore.auth.SigV4Auth)
    credentials = botocore.credentials.Credentials(*keys)
    with mock.patch("botocore.auth.get_current_datetime", lambda: _NOW):
        signer(credentials, service, "eu-west-1").add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


@settings(max_examples=1000, deadline=None)
@given(
    _keys, _services, _segments, st.dictionaries(_text, _text, max_size=3), st.binary(max_size=200),
    st.none() | st.just("application/json"),
)  # fmt: skip
def test_headers(keys, service, segments, fields, body, kind):
    path = "/" + "/".join(map(sigv4.quote, segments))
    query, digest = sigv4.encoded(**fields), sigv4.hashed(body)
    ours = "".join(
        sigv4.headers(keys, _STAMP, "POST", _HOST, path, query, digest, "eu-west-1", service, kind)
    ).split("\r\n")
    url = f"https://{_HOST}{path}" + (f"?{query}" if query else "")
    request = botocore.awsrequest.AWSRequest("POST", url, {"Content-Type": kind} if kind else {}, body)
    theirs = _signed(keys, service, request)
    theirs.pop("content-type", None)
    assert dict(line.split(": ", 1) for line in ours[:-1]) == theirs
    assert sorted(parse_qsl(urlsplit(url).query, keep_blank_values=True)) == sorted(fields.items())
