"""The least that a thing needs: its own shadows, jobs, file streams and Defender reports, and one topic tree each way;
of its certificate, and of the keys that it may fetch by that.

https://docs.aws.amazon.com/iot/latest/developerguide/thing-policy-variables.html
https://docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html
"""

from __future__ import annotations

import json

from ..errors import ToolError
from ..shapes import Json

_THING = "${iot:Connection.Thing.ThingName}"  # resolves only when the client id is the thing's name
_KEYS_THING = "${credentials-iot:ThingName}"  # in IAM's policies, for keys of the credential provider
_LIMIT = 2048  # characters, white space not counted
_PROVIDER = "credentials.iot.amazonaws.com"
_SHADOW_CALLS = ["iot:GetThingShadow", "iot:UpdateThingShadow", "iot:DeleteThingShadow"]

# The request topics one by one: `shadow/*` would let a thing forge the service's answers to itself. The limit leaves no
# room to have those of jobs, streams and Defender so, whose answers a thing can forge for itself alone.
_REQUESTS = (
    "shadow/get", "shadow/update", "shadow/delete",
    "shadow/name/*/get", "shadow/name/*/update", "shadow/name/*/delete",
    "jobs/*", "streams/*", "defender/metrics/*",
)  # fmt: skip


def least_privilege(arn_prefix: str, role_alias: str | None = None) -> str:
    """The policy document (text) of a certificate for arn_prefix, for example "arn:aws:iot:eu-west-1:123456789012", and
    with a role alias what lets it fetch keys by that."""
    statements = _statements(arn_prefix, _THING)
    statements[0]["Condition"] = {"Bool": {"iot:Connection.Thing.IsAttached": "true"}}
    if role_alias:
        statements.append(assume(arn_prefix, role_alias))
    text = _document(statements)
    if len(text) > _LIMIT:
        raise ToolError(f"the policy has {len(text)} characters, AWS takes {_LIMIT}")
    return text


def assume(arn_prefix: str, role_alias: str) -> Json:
    """The statement that lets a certificate fetch keys by a role alias."""
    return {"Action": "iot:AssumeRoleWithCertificate", "Resource": f"{arn_prefix}:rolealias/{role_alias}"}


def of_keys(arn_prefix: str, bucket: str | None = None) -> str:
    """The policy document (text) of a role, in IAM: what the certificate may, by keys; and with a bucket, to store and
    fetch what begins with the thing's name there."""
    shadows = [f"{arn_prefix}:thing/{_KEYS_THING}", f"{arn_prefix}:thing/{_KEYS_THING}/*"]
    statements = [*_statements(arn_prefix, _KEYS_THING), {"Action": _SHADOW_CALLS, "Resource": shadows}]
    if bucket:
        partition = arn_prefix.split(":")[1]
        place = f"arn:{partition}:s3:::{bucket}/{_KEYS_THING}/*"
        statements.append({"Action": ["s3:PutObject", "s3:GetObject"], "Resource": place})
    return _document(statements)


def trust() -> str:
    """Who may take such a role (text): AWS IoT's credential provider."""
    return _document([{"Action": "sts:AssumeRole", "Principal": {"Service": _PROVIDER}}])


def _statements(arn_prefix: str, thing: str) -> list[Json]:
    """What a thing of this name, which is its client id, may over MQTT."""

    def topics(kind: str, *names: str) -> list[str]:
        return [f"{arn_prefix}:{kind}/{name}" for name in names]

    own = f"$aws/things/{thing}/"
    publish = ["iot:Publish", "iot:RetainPublish"]  # AWS asks for the second where a message is to be retained
    return [
        {"Action": "iot:Connect", "Resource": topics("client", thing)},
        {"Action": publish, "Resource": topics("topic", *(own + name for name in _REQUESTS), f"dt/{thing}/*")},
        {"Action": "iot:Subscribe", "Resource": topics("topicfilter", f"{own}*", f"cmd/{thing}/*")},
        {"Action": "iot:Receive", "Resource": topics("topic", f"{own}*", f"cmd/{thing}/*")},
    ]


def _document(statements: list[Json]) -> str:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **part} for part in statements]}
    return json.dumps(document, separators=(",", ":"))
