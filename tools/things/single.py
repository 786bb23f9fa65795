"""One thing by name, in the fields of Para's Thing object: https://paraio.org/docs/#009-aws-iot"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from .. import pki
from ..cloud import aws as aws_errors
from ..cloud import local_aws
from ..errors import ToolError
from ..shapes import Json
from . import names, shadows, things
from .record import Record, sweep

if TYPE_CHECKING:
    from ..cloud.aws import Aws

_PORT = 8883


def create(aws: Aws, name: str, key: str = "ec") -> tuple[Json, Record]:
    """Create a thing with a certificate and a policy of its own; -> (document, its record).

    The document holds the private key this once. The caller removes the record after having handed it on: until then
    it is on disk, and a creation that was stopped goes on from there.
    """
    names.check_thing(name)
    record = _record(aws, name)
    if record.values:
        things.recover(aws, [record])
    elif describe(aws, name):
        raise ToolError(f"there is a thing {name} already")
    else:
        record.set(project=uuid.uuid4().hex, policy=policy_name(name), key=key)
    things.ensure_policy(aws, record.get("policy"), lambda: None)
    things.create(aws, record, record.get("project"), record.get("policy"))
    return _document(aws, record), record


def show(aws: Aws, name: str) -> Json:
    """The thing with its state: what it reported, overlaid by what is desired of it; ToolError when there is none."""
    found = describe(aws, names.check_thing(name))
    if not found:
        raise ToolError(f"there is no thing {name} in {aws.region}: `thing list` shows what there is")
    document = shadows.get(aws, name) or {"state": {}}
    state = {**document["state"].get("reported", {}), **document["state"].get("desired", {})}
    return _thing(found["thingArn"], found["thingId"], name, state)


def update(aws: Aws, name: str, state: Json) -> Json:
    """Write the desired state; -> as show()."""
    show(aws, name)  # a shadow can be written for a thing that does not exist: catch the mistyped name
    shadows.set_desired(aws, name, state)
    return show(aws, name)


def delete(aws: Aws, name: str) -> None:
    """Delete the thing, the certificates that only it has, its own policy and its shadows."""
    record = _record(aws, names.check_thing(name))
    found = describe(aws, name)
    if not found and not record.values:
        raise ToolError(f"there is no thing {name} in {aws.region}: `thing list` shows what there is")
    if record.values:
        things.recover(aws, [record])
        things.delete(aws, record)
    elif found:
        things.delete_foreign(aws, name)
    things.delete_policy(aws, policy_name(name))


def describe(aws: Aws, name: str) -> Json | None:
    """DescribeThing's answer, or None."""
    try:
        return aws.iot.describe_thing(thingName=name)
    except ClientError as error:
        if aws_errors.missing(error):
            return None
        raise


def listing(aws: Aws) -> list[Json]:
    """All things of the account and region: [{"name", "type", "attributes"}]."""
    return [
        {"name": thing["thingName"], "type": thing.get("thingTypeName"), "attributes": thing.get("attributes", {})}
        for thing in aws_errors.pages(aws.iot.list_things, "things", maxResults=250)
    ]


def _document(aws: Aws, record: Record) -> Json:
    cloud = local_aws.serving(aws)
    arn = record.get("cert_arn")
    key = record.key_path.read_bytes()
    metadata = {
        "thingId": record.get("thing_id"),
        "thingName": record.name,
        "thingARN": record.get("thing_arn"),
        "clientId": record.name,
        "clientCertId": arn.rsplit("/", 1)[-1],
        "clientCertARN": arn,
        "clientCert": record.certificate_path.read_text(),
        "privateKey": key.decode(),
        "publicKey": pki.public_pem(key),
        "region": aws.region,
        "port": cloud.mqtt_port if cloud else _PORT,
        "host": cloud.mqtt_host if cloud else aws.endpoint(),
    }
    thing = _thing(record.get("thing_arn"), record.get("thing_id"), record.name, {})
    return {**thing, "timestamp": int(time.time() * 1000), "deviceMetadata": metadata}


def _thing(arn: str, thing_id: str, name: str, state: Json) -> Json:
    """Para's object; its appid, the tenant, is the AWS account here."""
    account = arn.split(":")[4]
    return {
        "id": thing_id, "type": "thing", "appid": account, "name": name, "serviceBroker": "AWS", "deviceState": state,
    }  # fmt: skip


def policy_name(name: str) -> str:
    """The policy that a thing of this name gets for itself."""
    return names.check_policy(f"{name.replace(':', '.')}-Policy")


def _record(aws: Aws, name: str) -> Record:
    parent = place(aws)
    sweep(parent)
    return Record(parent / name)


def place(aws: Aws) -> Path:
    """The folder for journals of what belongs to no project, one for each account and region."""
    account = aws.client("sts").get_caller_identity()["Account"]
    name = hashlib.sha256(f"{aws.url} {account}".encode()).hexdigest()[:16]
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "thing" / name
