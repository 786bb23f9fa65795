"""The least that a thing needs: its own shadows, jobs, file streams and Defender reports, and one topic tree each way;
of its certificate, and of the keys that it may fetch by that. And what it may beyond that, in a policy of its own.

https://docs.aws.amazon.com/iot/latest/developerguide/thing-policy-variables.html
https://docs.aws.amazon.com/iot/latest/developerguide/cert-policy-variables.html
https://docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields, replace

from .. import pki
from ..errors import ToolError
from ..shapes import Json

_THING = "${iot:Connection.Thing.ThingName}"  # resolves only when the client id is the thing's name
KEYS_THING = "${credentials-iot:ThingName}"  # in IAM's policies, for keys of the credential provider
OF_CERTIFICATE = pki.SUBJECT  # by HTTPS, where there is no client id: the thing's name in certificates made here
LIMIT = 2048  # characters, white space not counted
_PROVIDER = "credentials.iot.amazonaws.com"
_SHADOW_CALLS = [
    "iot:GetThingShadow", "iot:UpdateThingShadow", "iot:DeleteThingShadow", "iot:ListNamedShadowsForThing"
]  # fmt: skip
_RETAINED = ["iot:RetainPublish", "iot:GetRetainedMessage"]  # the second is asked for by HTTPS alone

# Requests by how they end: `shadow/*` would let a thing forge the service's answers, which end in accepted, rejected,
# delta, documents and notify. The limit leaves no room to have streams and Defender so; the answers that a thing forges
# there it alone hears.
_REQUESTS = (
    "shadow/*get", "shadow/*update", "shadow/*delete",
    "jobs/*get", "jobs/start-next", "jobs/*update", "streams/*", "defender/metrics/*",
)  # fmt: skip
THING = "{thing}"  # in what is asked for: each thing's own name
OWN_TREE = f"dt/{THING}/*"


@dataclass(frozen=True)
class Additions:
    """What things may beyond the least: topics that they publish to and those of them that may be retained, filters
    that they subscribe to, rules that they publish to by Basic Ingest, and other doors ("https") that they may use
    with their certificates."""

    publish: tuple[str, ...] = ()
    retain: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    doors: tuple[str, ...] = ()

    @classmethod
    def of(cls, noted: Json | None) -> Additions:
        """From what document() gave."""
        return cls(**{each.name: tuple((noted or {}).get(each.name, ())) for each in fields(cls)})

    def document(self) -> Json:
        return {name: list(values) for name, values in asdict(self).items()}

    def plus(self, other: Additions) -> Additions:
        return self._each(other, lambda mine, theirs: (*mine, *(each for each in theirs if each not in mine)))

    def minus(self, other: Additions) -> Additions:
        return self._each(other, lambda mine, theirs: tuple(each for each in mine if each not in theirs))

    def _each(self, other: Additions, join: Callable[[tuple[str, ...], tuple[str, ...]], tuple[str, ...]]) -> Additions:
        return Additions(*(join(getattr(self, each.name), getattr(other, each.name)) for each in fields(self)))

    def __bool__(self) -> bool:
        return any(asdict(self).values())


def least_privilege(arn_prefix: str, role_alias: str | None = None) -> str:
    """The policy document (text) of a certificate for arn_prefix, for example "arn:aws:iot:eu-west-1:123456789012", and
    with a role alias what lets it fetch keys by that."""
    statements = _statements(arn_prefix, _THING)
    statements[0]["Condition"] = {"Bool": {"iot:Connection.Thing.IsAttached": "true"}}
    if role_alias:
        statements.append(assume(arn_prefix, role_alias))
    return document(statements)


def added(arn_prefix: str, additions: Additions, thing: str = _THING) -> str:
    """The policy document (text) of what is beyond the least; ToolError when it is longer than AWS takes."""
    sent = (*additions.publish, *(f"$aws/rules/{rule}/{OWN_TREE}" for rule in additions.rules))
    heard = [each.removeprefix("$share/").partition("/")[2] if each.startswith("$share/") else each
             for each in additions.subscribe]  # fmt: skip
    parts: list[tuple[str, str | list[str], str, Iterable[str]]] = [
        (thing, "iot:Publish", "topic", sent),
        (thing, "iot:RetainPublish" if thing == _THING else _RETAINED, "topic", additions.retain),
        (thing, "iot:Subscribe", "topicfilter", additions.subscribe),
        (thing, "iot:Receive", "topic", [each.replace("+", "*").replace("#", "*") for each in heard]),
    ]
    if additions.doors:  # statements of their own, since by HTTPS the variable above has no value
        parts += [
            (OF_CERTIFICATE, _SHADOW_CALLS, "thing", (THING, f"{THING}/*")),
            (OF_CERTIFICATE, "iot:Publish", "topic", (OWN_TREE, *sent)),
            (OF_CERTIFICATE, _RETAINED, "topic", additions.retain),
        ]
    text = document([
        {"Action": action, "Resource": [f"{arn_prefix}:{kind}/{name.replace(THING, who)}" for name in names]}
        for who, action, kind, names in parts if names
    ])  # fmt: skip
    if len(text) > LIMIT:
        raise ToolError(
            f"what is added would be a policy of {len(text)} characters, AWS takes {LIMIT}: "
            "let one with a * stand for several topics"
        )
    return text


def assume(arn_prefix: str, role_alias: str) -> Json:
    """The statement that lets a certificate fetch keys by a role alias."""
    return {"Action": "iot:AssumeRoleWithCertificate", "Resource": f"{arn_prefix}:rolealias/{role_alias}"}


def added_of_keys(arn_prefix: str, additions: Additions) -> str:
    """added() for a role, in IAM, which has its doors anyhow; "" when that is nothing."""
    additions = replace(additions, doors=())
    return added(arn_prefix, additions, KEYS_THING) if additions else ""


def of_keys(arn_prefix: str, bucket: str | None = None) -> str:
    """The policy document (text) of a role, in IAM: what the certificate may, by keys; and with a bucket, to store and
    fetch what begins with the thing's name there."""
    shadows = [f"{arn_prefix}:thing/{KEYS_THING}", f"{arn_prefix}:thing/{KEYS_THING}/*"]
    statements = [*_statements(arn_prefix, KEYS_THING), {"Action": _SHADOW_CALLS, "Resource": shadows}]
    if bucket:
        partition = arn_prefix.split(":")[1]
        place = f"arn:{partition}:s3:::{bucket}/{KEYS_THING}/*"
        statements.append({"Action": ["s3:PutObject", "s3:GetObject"], "Resource": place})
    return document(statements)


def trust() -> str:
    """Who may take such a role (text): AWS IoT's credential provider."""
    return document([{"Action": "sts:AssumeRole", "Principal": {"Service": _PROVIDER}}])


def _statements(arn_prefix: str, thing: str) -> list[Json]:
    """What a thing of this name, which is its client id, may over MQTT."""

    def topics(kind: str, *names: str) -> list[str]:
        return [f"{arn_prefix}:{kind}/{name}" for name in names]

    own = f"$aws/things/{thing}/"
    return [
        {"Action": "iot:Connect", "Resource": topics("client", thing)},
        {"Action": "iot:Publish", "Resource": topics("topic", *(own + name for name in _REQUESTS), f"dt/{thing}/*")},
        {"Action": "iot:Subscribe", "Resource": topics("topicfilter", f"{own}*", f"cmd/{thing}/*")},
        {"Action": "iot:Receive", "Resource": topics("topic", f"{own}*", f"cmd/{thing}/*")},
    ]


def document(statements: list[Json]) -> str:
    """A policy document (text) that allows this."""
    parts = [{"Effect": "Allow", **part} for part in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": parts}, separators=(",", ":"))
