"""One thing by name, in the fields of Para's Thing object: https://paraio.org/docs/#009-aws-iot"""

from __future__ import annotations

import contextlib
import hashlib
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from .. import journal, pki, state
from ..cloud import aws as aws_errors
from ..cloud import local_aws
from ..errors import ToolError
from ..shapes import Json
from ..spelling import meant
from . import names, shadows, things
from .record import Record, sweep

if TYPE_CHECKING:
    from ..cloud.aws import Aws

_PORT = 8883


@contextlib.contextmanager
def held(aws: Aws, name: str) -> Iterator[Record]:
    """A context manager whose value is the record of a thing without a project; this command alone changes it."""
    names.check_kept(name)
    parent = place(aws)
    lock = parent / f".{name}.lock"
    with journal.lock(lock):
        sweep(parent)
        try:
            yield Record(parent / name)
        finally:
            with contextlib.suppress(PermissionError):  # on Windows what is open stays
                lock.unlink(missing_ok=True)


def create(
    aws: Aws, record: Record, key: str = "ec", owner: str | None = None, attributes: dict[str, str] | None = None
) -> Json:
    """Create the thing of a record with a certificate and a policy of its own; -> its document.

    The document holds the private key this once. The caller removes the record after having handed it on: until then
    it is on disk, and a creation that was stopped goes on from there. owner: what nobody else would tell, by which the
    thing is known as this record's; attributes: what AWS is to keep with the thing besides.
    """
    name, policy = record.name, policy_name(record.name)
    if record.values:
        things.recover(aws, [record])
    elif describe(aws, name):
        raise ToolError(f"there is a thing {name} already")
    else:
        record.set(project=owner or uuid.uuid4().hex, policy=policy, key=key, attributes=attributes or {})
    if not things.make_policy(aws, policy):
        if not record.get("thing_arn"):
            record.remove()
        raise ToolError(
            f"there is a policy {policy} already, and it is not as one made here: delete it, or take another name"
        )
    things.create(aws, record, record.get("project"), policy)
    return _document(aws, record)


def show(aws: Aws, name: str) -> Json:
    """The thing with its state: what it reported, overlaid by what is desired of it; ToolError when there is none."""
    found = known(aws, names.check_thing(name))
    return _thing(found["thingArn"], found["thingId"], name, device_state(aws, name))


def device_state(aws: Aws, name: str) -> Json:
    """What the thing's shadow comes to: what it reported, overlaid by what is desired of it."""
    state = (shadows.get(aws, name) or {"state": {}})["state"]
    return _overlaid(state.get("reported", {}), state.get("desired", {}))


def _overlaid(below: Json, above: Json) -> Json:
    both = {key: below[key] for key in below if isinstance(below[key], dict) and isinstance(above.get(key), dict)}
    return {**below, **above, **{key: _overlaid(below[key], above[key]) for key in both}}


def update(aws: Aws, name: str, state: Json) -> Json:
    """Write the desired state; -> as show()."""
    known(aws, names.check_thing(name))  # a shadow can be written for a thing that does not exist
    shadows.set_desired(aws, name, state)
    return show(aws, name)


def check(aws: Aws, record: Record) -> None:
    """ToolError unless there is such a thing, or the beginning of one."""
    if not record.values:
        known(aws, record.name)


def delete(aws: Aws, record: Record) -> str | None:
    """Delete the thing, the certificates that only it has, its own policy and its shadows; -> the name of a policy
    called like its own that stays: it was not made here, or others use it."""
    name, policy = record.name, policy_name(record.name)
    check(aws, record)
    if record.values:
        things.recover(aws, [record])
        things.erase(aws, record)
    else:
        things.delete_foreign(aws, name)
    found = things.policy_document(aws, policy)
    gone = found is None or (things.is_ours(aws, found) and things.delete_policy(aws, policy))
    if record.values:  # last, so that what was stopped before is found again
        record.remove()
    return None if gone else policy


def known(aws: Aws, name: str) -> Json:
    """DescribeThing's answer; ToolError when there is no such thing."""
    found = describe(aws, name)
    if not found:
        near = meant(name, _some(aws))
        raise ToolError(f"there is no thing {name} in {aws.region}{near}: `thing list` shows what there is")
    return found


def _some(aws: Aws) -> list[str]:
    """Names of things, to find a misspelt one among: a page of them, if they may be listed."""
    try:
        return [thing["thingName"] for thing in aws.iot.list_things(maxResults=250)["things"]]
    except ClientError:
        return []


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
        "clientCert": record.certificate_path.read_text(encoding="utf-8"),
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


def place(aws: Aws) -> Path:
    """The folder for journals of what belongs to no project, one for each account and region."""
    account = aws.arn_prefix.split(":")[4]
    name = hashlib.sha256(f"{aws.url} {account}".encode()).hexdigest()[:16]
    return state.folder(name)
