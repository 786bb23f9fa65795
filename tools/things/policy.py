"""The least that a thing needs: its own shadows, jobs, file streams and Defender reports, and one topic tree each way.

https://docs.aws.amazon.com/iot/latest/developerguide/thing-policy-variables.html
"""

from __future__ import annotations

import json

from ..errors import ToolError
from ..shapes import Json

_THING = "${iot:Connection.Thing.ThingName}"  # resolves only when the client id is the thing's name
_LIMIT = 2048  # characters, white space not counted

# The request topics one by one: `shadow/*` would let a thing forge the service's answers to itself. The limit leaves no
# room to have those of jobs, streams and Defender so, whose answers a thing can forge for itself alone.
_REQUESTS = (
    "shadow/get", "shadow/update", "shadow/delete",
    "shadow/name/*/get", "shadow/name/*/update", "shadow/name/*/delete",
    "jobs/*", "streams/*", "defender/metrics/*",
)  # fmt: skip


def least_privilege(arn_prefix: str) -> str:
    """The policy document (text) for arn_prefix, for example "arn:aws:iot:eu-west-1:123456789012"."""

    def topics(kind: str, *names: str) -> list[str]:
        return [f"{arn_prefix}:{kind}/{name}" for name in names]

    own = f"$aws/things/{_THING}/"
    publish = ["iot:Publish", "iot:RetainPublish"]  # AWS asks for the second where a message is to be retained
    attached = {"Bool": {"iot:Connection.Thing.IsAttached": "true"}}
    statements: list[Json] = [
        {"Action": "iot:Connect", "Resource": topics("client", _THING), "Condition": attached},
        {"Action": publish, "Resource": topics("topic", *(own + name for name in _REQUESTS), f"dt/{_THING}/*")},
        {"Action": "iot:Subscribe", "Resource": topics("topicfilter", f"{own}*", f"cmd/{_THING}/*")},
        {"Action": "iot:Receive", "Resource": topics("topic", f"{own}*", f"cmd/{_THING}/*")},
    ]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **part} for part in statements]}
    text = json.dumps(document, separators=(",", ":"))
    if len(text) > _LIMIT:
        raise ToolError(f"the policy has {len(text)} characters, AWS takes {_LIMIT}")
    return text
