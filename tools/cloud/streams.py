"""Files over MQTT behind a Mosquitto: the blocks of a stream that a thing asks for, from S3.

`python -P -m aws_iot_tools.cloud.streams FOLDER`, beside server.py. It stands in for AWS IoT's file delivery, which
MiniStack lacks: https://docs.aws.amazon.com/iot/latest/developerguide/mqtt-based-file-delivery-in-devices.html. What
is otherwise: it reads S3 as the account's owner and not as the stream's role, and sends blocks as fast as they go.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from aws_iot.fota import cbor

from ..shapes import Json
from . import aws as aws_errors
from . import mosquitto, processes
from .aws import Aws
from .local_aws import STREAMS, Cloud

if TYPE_CHECKING:
    import paho.mqtt.client as paho

_TOPIC = re.compile(r"(\$aws/things/[^/]+/streams/([^/]+))/get/(cbor|json)")
_REQUEST_BYTES = 131072  # what is sent for one request, at most
_LEAST_BYTES, _MOST_BYTES, _MOST_BLOCKS = 256, 131072, 98304


class Refused(Exception):
    """A request is answered with one of AWS's codes."""


def main() -> None:
    """Answer until SIGTERM."""
    import paho.mqtt.client as paho
    from paho.mqtt.enums import CallbackAPIVersion

    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    cloud = Cloud.load(folder)
    assert cloud
    files = Files(Aws(region=cloud.region, endpoint_url=cloud.url, rate=0))
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="thing-cloud-streams")
    keys = folder / mosquitto.FOLDER
    client.tls_set(str(folder / "ca.pem"), str(keys / "bridge.pem"), str(keys / "bridge.key"))

    def subscribe(*_: object) -> None:
        client.subscribe([(f"$aws/things/+/streams/+/get/{form}", 1) for form in _FORMS])

    client.on_connect = subscribe
    client.on_subscribe = lambda *_: processes.note(folder / STREAMS, os.getpid(), ready=True)
    client.on_message = lambda client, _, message: _take(client, files, message.topic, bytes(message.payload))
    signal.signal(signal.SIGTERM, lambda *_: client.disconnect())
    client.connect_async("localhost", cloud.mqtt_port)
    client.loop_forever(retry_first_connection=True)


def _take(client: paho.Client, files: Files, topic: str, payload: bytes) -> None:
    found = _TOPIC.fullmatch(topic)
    if found:
        for suffix, message in answers(files, found[2], found[3], payload):
            client.publish(f"{found[1]}/{suffix}/{found[3]}", message)


def answers(files: Files, stream: str, form: str, payload: bytes) -> Iterator[tuple[str, bytes]]:
    """What a request is answered with: ("data" or "rejected", payload), block by block."""
    read, write = _FORMS[form]
    request: Json = {}
    try:
        try:
            request = read(payload)
        except (ValueError, RecursionError):
            raise Refused(f"Invalid{form.title()}") from None
        for block, data in files.blocks(stream, request):
            answer = {"f": request["f"], "l": len(data), "i": block, "p": data}
            yield "data", write({**answer, **_token(request)})
    except Refused as error:
        yield "rejected", write({"o": str(error), "m": str(error), **_token(request)})


def _token(request: Any) -> Json:
    return {"c": request["c"]} if isinstance(request, dict) and "c" in request else {}


class Files:
    """The files of streams, as the local AWS describes them, in its S3."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def blocks(self, stream: str, request: Json) -> Iterator[tuple[int, bytes]]:
        """The blocks that a request is for: (number, bytes)."""
        numbers = _numbers(request)
        place, size = self._place(stream, request), request["l"]
        first, end = numbers[0] * size, (numbers[-1] + 1) * size
        try:
            answer = self._aws.client("s3").get_object(**place, Range=f"bytes={first}-{end - 1}")
        except ClientError as error:
            raise Refused(
                "OffsetOutOfBounds" if aws_errors.code(error) == "InvalidRange" else "Unauthorized"
            ) from error
        content = answer["Body"].read()
        for number in numbers:
            data = content[number * size - first : (number + 1) * size - first]
            if data:
                yield number, data

    def _place(self, stream: str, request: Json) -> Json:
        """Bucket and key of the file that a request is for."""
        try:
            info = self._aws.iot.describe_stream(streamId=stream)["streamInfo"]
        except ClientError as error:
            raise Refused("ResourceNotFound") from error
        if request.get("s", info["streamVersion"]) != info["streamVersion"]:
            raise Refused("VersionMismatch")
        for file in info["files"]:
            if file["fileId"] == request["f"]:
                return {"Bucket": file["s3Location"]["bucket"], "Key": file["s3Location"]["key"]}
        raise Refused("ResourceNotFound")


def _numbers(request: Json) -> list[int]:
    """The numbers of the blocks that are asked for, as many as may be sent for one request."""
    if not isinstance(request, dict) or not isinstance(request.get("f"), int):
        raise Refused("InvalidRequest")
    size, offset = request.get("l"), request.get("o", 0)
    if not isinstance(size, int) or not _LEAST_BYTES <= size <= _MOST_BYTES:
        raise Refused("BlockSizeOutOfBounds")
    if not isinstance(offset, int) or not 0 <= offset <= _MOST_BLOCKS:
        raise Refused("OffsetOutOfBounds")
    most = _REQUEST_BYTES // size
    count = request.get("n", most)
    if not isinstance(count, int) or not 0 < count <= _MOST_BLOCKS:
        raise Refused("BlockCountLimitExceeded")
    wanted = range(offset, offset + min(count, most))
    if "b" not in request:
        return list(wanted)
    bits = _bitmap(request["b"])
    numbers = [offset + bit for bit in range(len(bits) * 8) if bits[bit // 8] >> bit % 8 & 1]
    if not numbers:
        raise Refused("InvalidRequest")
    return numbers[: len(wanted)]


def _bitmap(given: Any) -> bytes:
    try:
        return bytes.fromhex(given.removeprefix("0x")) if isinstance(given, str) else bytes(given)
    except (TypeError, ValueError):
        raise Refused("InvalidRequest") from None


def _to_json(answer: Json) -> bytes:
    return json.dumps({**answer, **({"p": base64.b64encode(answer["p"]).decode()} if "p" in answer else {})}).encode()


def _to_cbor(answer: Json) -> bytes:
    """A map of indefinite length, as AWS's encoder writes it."""
    return b"\xbf" + b"".join(cbor.dumps(key) + cbor.dumps(value) for key, value in answer.items()) + b"\xff"


_FORMS = {"cbor": (cbor.loads, _to_cbor), "json": (json.loads, _to_json)}

if __name__ == "__main__":
    main()
