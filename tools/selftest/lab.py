"""What the account lends a self-test: a thing of its own, its jobs, and a way for firmware; all of it in the ledger."""

from __future__ import annotations

import contextlib
import http.server
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from aws_iot.jobs.job import OVER

from .. import pki
from ..cloud import aws as aws_errors
from ..cloud import local_aws, mosquitto
from ..errors import ToolError
from ..fota import firmware, rollout
from ..shapes import Advance, Json
from ..things import shadows, single, things

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from ..fota.firmware import Firmware
    from .ledger import Ledger, Removers

_GONE = ("NoSuchEntity", "NoSuchEntityException", "NoSuchBucket", "ResourceNotFoundException")
_NEW_ROLE_S = 60  # a role that was just made is not known everywhere at once
_LOOK_S = 1.0
_NOT_YET = ("InvalidRequestException", "UnauthorizedException", "AccessDeniedException", "InvalidParameterException")


class Lab:
    """The cloud's side of one run. `cloud` is the local AWS, None for AWS itself."""

    def __init__(self, aws: Aws, ledger: Ledger) -> None:
        self.aws, self.ledger = aws, ledger
        self.cloud = local_aws.serving(aws)
        self.name = ledger.name
        self._key = pki.new_key()
        self.public_key = pki.public_pem(self._key)
        self._document: Json = {}
        self._jobs = 0

    @property
    def words(self) -> str:
        return "the local AWS (MiniStack)" if self.cloud else f"AWS, {self.aws.region}"

    def make_thing(self) -> dict[str, bytes]:
        """Make the thing; -> {name: bytes} of what it connects with."""
        self.ledger.note("thing", self.name)
        with single.held(self.aws, self.name) as record:
            self._document = single.create(self.aws, record)
        return self.files()

    @property
    def thing_arn(self) -> str:
        return self._document["deviceMetadata"]["thingARN"]

    @property
    def certificate_arn(self) -> str:
        return self._document["deviceMetadata"]["clientCertARN"]

    def files(self, endpoint: str | None = None) -> dict[str, bytes]:
        """thing.conf.json, for this endpoint or the account's, with certificate, key and CA."""
        made = self._document["deviceMetadata"]
        conf = {"endpoint": endpoint or made["host"], "port": made["port"], "mqttid": self.name, "thingname": self.name}
        found = {"certificate.pem.crt": made["clientCert"].encode(), "private.pem.key": made["privateKey"].encode()}
        if self.cloud:
            conf["cacert"] = local_aws.CA_FILE
            found[local_aws.CA_FILE] = self.cloud.ca.encode()
        return {**found, "thing.conf.json": json.dumps(conf).encode()}

    # -- shadow and jobs

    def desire(self, state: Json) -> None:
        shadows.set_desired(self.aws, self.name, state)

    def shadow(self) -> Json:
        return (shadows.get(self.aws, self.name) or {"state": {}})["state"]

    def job(self, document: Json, role: str | None = None) -> str:
        """Create a job for the thing; -> its id."""
        self._jobs += 1
        name = self.ledger.note("job", f"{self.name}-{self._jobs}")
        self._patiently(lambda: rollout.create_job(self.aws, name, self.thing_arn, document, role))
        return name

    def outcome(self, job: str, within_s: float, drive: Callable[[float], object]) -> tuple[str, Json]:
        """(status, details) of the job's end; drive(seconds) is called between two looks."""
        deadline = time.monotonic() + within_s
        while True:
            status, details = rollout.executions(self.aws, job).get(self.name, ("QUEUED", {}))
            if status in OVER:
                return status, details
            if time.monotonic() > deadline:
                raise ToolError(f"the job is still {status} after {within_s:.0f} s {details or ''}")
            drive(_LOOK_S)

    # -- firmware

    @contextlib.contextmanager
    def update(self, made: Firmware, stream: bool = False) -> Iterator[str]:
        """A job that installs this Firmware, signed; -> its id. What serves the file does so as long as it lasts."""
        signature = firmware.sign(made, cast("firmware.SigningKey", pki.load_key(self._key)))
        if self.cloud and self.cloud.mqtt_host != "localhost":
            # the local AWS's S3 listens to this computer only: a board on the network gets the file from here
            with serve(made.data, mosquitto.lan_addresses()[0]) as url:
                yield self.job({**firmware.document(made, signature), "url": url})
            return
        bucket, role = self.bucket(), self.role()
        key = rollout.job_name(self.name, made)
        rollout.upload(self.aws, bucket, key, made.data, _silent)
        if stream:
            self.ledger.note("stream", key)
            self._patiently(lambda: rollout.create_stream(self.aws, key, bucket, key, role))
            yield self.job(firmware.document(made, signature, stream=key))
        else:
            yield self.job(firmware.document(made, signature, url=rollout.url(self.aws, bucket, key)), role)

    def bucket(self) -> str:
        """The run's bucket, made on first use."""
        if not self.ledger.has("bucket"):
            self.ledger.note("bucket", self.name)
            place = {} if self.aws.region == "us-east-1" else {
                "CreateBucketConfiguration": {"LocationConstraint": self.aws.region}
            }  # fmt: skip
            self.aws.client("s3").create_bucket(Bucket=self.name, **place)
        return self.name

    def role(self) -> str:
        """The ARN of the role that AWS IoT reads the run's bucket with, made on first use."""
        account = self.thing_arn.split(":")[4]
        trust = {**trusts("iot.amazonaws.com"), "Condition": {"StringEquals": {"aws:SourceAccount": account}}}
        reads = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjectVersion"]}
        return self.make_role(self.name, trust, {**reads, "Resource": f"arn:aws:s3:::{self.name}/*"})

    def make_role(self, name: str, trust: Json, *statements: Json) -> str:
        """The ARN of a role with this trust and these permissions, made on first use."""
        iam = self.aws.client("iam")
        if [True for entry in self.ledger.entries if entry[:2] == ["role", name]]:
            return iam.get_role(RoleName=name)["Role"]["Arn"]
        self.ledger.note("role", name)
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))
        iam.put_role_policy(RoleName=name, PolicyName="selftest", PolicyDocument=_policy(*statements))
        return made["Role"]["Arn"]

    def _patiently(self, call: Callable[[], object]) -> Any:
        """Call again while AWS does not know the new role yet."""
        deadline = time.monotonic() + _NEW_ROLE_S
        while True:
            try:
                return call()
            except ClientError as error:
                new = self.ledger.has("role") and not self.cloud
                if not new or aws_errors.code(error) not in _NOT_YET or time.monotonic() > deadline:
                    raise
                time.sleep(3)


def trusts(service: str) -> Json:
    """The statement that lets a service of AWS take a role."""
    return {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}


def removers(aws: Aws) -> Removers:
    """How each kind of what a run makes is deleted; what is gone already is no error."""
    from .advisor import delete_suite

    s3, iam = aws.client("s3"), aws.client("iam")

    def bucket(name: str, _: object) -> None:
        for found in s3.list_objects_v2(Bucket=name).get("Contents", ()):
            s3.delete_object(Bucket=name, Key=found["Key"])
        s3.delete_bucket(Bucket=name)

    def role(name: str, _: object) -> None:
        _unless_gone(lambda: iam.delete_role_policy(RoleName=name, PolicyName="selftest"))
        iam.delete_role(RoleName=name)

    def thing(name: str, _: object) -> None:
        try:
            with single.held(aws, name) as record:
                single.delete(aws, record)
        except ToolError:
            things.delete_policy(aws, single.policy_name(name))  # made before the thing, which never was

    calls: Removers = {
        "thing": thing, "bucket": bucket, "role": role,
        "job": lambda name, _: aws.iot.delete_job(jobId=name, force=True),
        "stream": lambda name, _: aws.iot.delete_stream(streamId=name),
        "suite": lambda name, _: delete_suite(aws, name),
    }  # fmt: skip

    def unless_gone(call: Callable[[str, Json], object]) -> Callable[[str, Json], object]:
        return lambda name, details: _unless_gone(lambda: call(name, details))

    return {kind: unless_gone(call) for kind, call in calls.items()}


def _unless_gone(call: Callable[[], object]) -> None:
    try:
        call()
    except ClientError as error:
        if aws_errors.code(error) not in _GONE:
            raise


def _policy(*statements: Json) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@contextlib.contextmanager
def _silent(total: int) -> Iterator[Advance]:
    yield lambda: None


@contextlib.contextmanager
def serve(data: bytes, address: str) -> Iterator[str]:
    """An HTTP server for one file, with Range, which a download that was cut goes on with; -> its URL.

    Plain HTTP will do: boards take only what is signed from it.
    """

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            first = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            start = int(first[1]) if first else 0
            stop = min(int(first[2]) + 1, len(data)) if first and first[2] else len(data)
            self.send_response(206 if first else 200)
            if first:
                self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
            self.send_header("Content-Length", str(stop - start))
            self.end_headers()
            self.wfile.write(data[start:stop])

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer((address, 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://{address}:{server.server_port}/firmware"
        finally:
            server.shutdown()
