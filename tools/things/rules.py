"""Rules of AWS IoT: what things publish, selected by SQL and handed to other services.

https://docs.aws.amazon.com/iot/latest/developerguide/iot-rules.html
A rule's parts: a role that AWS IoT may take for this rule alone, with a policy of the least; a statement in each Lambda
function that it calls; the rule, which bears the project's id. The journal's "rules" has them, is written before the
first is made, and has what an earlier form of the rule needed until that is taken back.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ..cloud import aws as aws_errors
from ..errors import ToolError
from ..shapes import Json, Progress, Say
from . import additions, names, place, policy, roles, rule_probes, rule_targets
from .rule_targets import Target

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from .project import Project

_INLINE = "rule"  # the role's policy
_SQL_VERSION = "2016-03-23"
_MOST_ACTIONS = 10
_ROLE_BYTES = 64
_ROLE_TRIES = 7  # a role counts some seconds after it was made
_NO_RULE = (*roles.MISSING, "UnauthorizedException")  # as AWS IoT has it, for a rule that is not there, too


class Wanted:
    """A rule as it was asked for; ToolError for what AWS would refuse."""

    def __init__(self, name: str, sql: str, to: Iterable[str], error_to: str | None, region: str) -> None:
        self.name, self.sql = names.check_rule(name), sql
        self.targets = [rule_targets.read(each, region) for each in to]
        self.error = rule_targets.read(error_to, region) if error_to else None
        if not 0 < len(self.targets) <= _MOST_ACTIONS:
            raise ToolError(f"a rule has 1 to {_MOST_ACTIONS} targets (--to)")
        if not sql.lstrip().lower().startswith("select"):
            raise ToolError("the SQL of a rule begins with SELECT, as in \"SELECT * FROM 'dt/+/samples'\"")

    @property
    def all(self) -> list[Target]:
        return [*self.targets, *([self.error] if self.error else [])]

    @property
    def functions(self) -> list[str]:
        return sorted({target.function for target in self.all if target.function})


def noted(state: Json) -> dict[str, Json]:
    """The rules that a project's state has: {name: {"to", "error_to", "role", "functions"}}."""
    return dict(state.get("rules") or {})


def plan(aws: Aws, wanted: Wanted) -> Json:
    """The documents of what create() makes."""
    role = _role_of(aws, wanted)
    statements = [_statement(aws, wanted.name, function) for function in wanted.functions]
    return {
        "rule": wanted.name, "payload": _payload(wanted, role and roles.arn(aws, role)), "role": role,
        "trust": role and _trust(aws, wanted.name), "policy": role and _policy(aws, wanted), "functions": statements,
    }  # fmt: skip


def create(aws: Aws, project: Project, wanted: Wanted) -> Json:
    """Make a rule and what belongs to it, change one that was made here to this, or go on where an earlier run stopped;
    -> what the journal has."""
    place.note(aws, project)
    name, role = wanted.name, _role_of(aws, wanted)
    there = _check(aws, project, name, role)
    old = noted(project.state()).get(name, {})
    kept = {"to": [each.text for each in wanted.targets], "error_to": wanted.error and wanted.error.text, "role": role}
    before = {*old.get("functions", ()), *wanted.functions}
    _note(project, name, {**kept, "role": role or old.get("role"), "functions": sorted(before)})
    for function in wanted.functions:  # first: one that is not there is the likeliest fault
        _permit(aws, name, function)
    made = _make_role(aws, project, wanted, role) if role else False
    payload = _payload(wanted, role and roles.arn(aws, role))
    if there:
        _when_role_counts(made, aws.iot.replace_topic_rule, ruleName=name, topicRulePayload=payload)
    else:
        tags = f"{roles.OWNER}={project.state()['project']}"
        _when_role_counts(made, aws.iot.create_topic_rule, ruleName=name, topicRulePayload=payload, tags=tags)
    for function in before - {*wanted.functions}:
        _forbid(aws, name, function)
    if old.get("role") and not role:
        roles.delete(aws, project, old["role"], _INLINE)
    _note(project, name, {**kept, "functions": wanted.functions})
    return {"rule": name, "arn": rule_arn(aws, name), **noted(project.state())[name]}


def ingest(aws: Aws, project: Project, name: str, say: Say, progress: Progress) -> None:
    """Let the project's things publish to a rule of it by Basic Ingest."""
    allowed = additions.of(project.state()).plus(policy.Additions(rules=(name,)))
    additions.change(aws, project, allowed, say, progress)


def delete(aws: Aws, project: Project, name: str, progress: Progress) -> list[str]:
    """Delete what create() and ingest() made, the rule first; -> what has its names and was not made here, which
    stays."""
    place.check(aws, project)
    rule_probes.sweep(aws, project)
    entry = noted(project.state()).get(name)
    if entry is None:
        return []
    kept = []
    if get(aws, name) is not None:
        if _is_rule_ours(aws, project, name):
            aws.iot.delete_topic_rule(ruleName=name)
        else:
            kept.append(f"rule {name}")
    for function in entry["functions"]:
        _forbid(aws, name, function)
    if entry["role"] and not roles.delete(aws, project, entry["role"], _INLINE):
        kept.append(f"role {entry['role']}")
    allowed = additions.of(project.state())
    if name in allowed.rules:
        left = allowed.minus(policy.Additions(rules=(name,)))
        additions.change(aws, project, left, lambda text: None, progress)
    _note(project, name, None)
    return kept


def listing(aws: Aws) -> list[Json]:
    """The rules of the account and region: [{"name", "topics", "disabled"}]; topics is what FROM says."""
    return [
        {"name": rule["ruleName"], "topics": rule.get("topicPattern") or None, "disabled": rule["ruleDisabled"]}
        for rule in aws_errors.pages(aws.iot.list_topic_rules, "rules", maxResults=250)
    ]


def get(aws: Aws, name: str) -> Json | None:
    """A rule's document, or None where there is none (or none that these credentials may see)."""
    found = roles.unless(_NO_RULE, aws.iot.get_topic_rule, ruleName=names.check_rule(name))
    return found and found["rule"]


def show(aws: Aws, name: str) -> Json:
    """A rule with what lets it act: its roles' policies, and what the functions that it calls allow it."""
    rule = get(aws, name)
    if rule is None:
        known = ", ".join(each["name"] for each in listing(aws)[:5])
        raise ToolError(f"there is no rule {name} in {aws.region}" + (f"; there are {known}" if known else ""))
    rule.pop("createdAt", None)
    specs = [spec for action in [*rule["actions"], rule.get("errorAction") or {}] for spec in action.values()]
    roles = {spec["roleArn"].rpartition("/")[2] for spec in specs if spec.get("roleArn")}
    functions = {spec["functionArn"] for spec in specs if spec.get("functionArn")}
    return {
        "rule": rule, "roles": {role: _shown(aws, role) for role in sorted(roles)},
        "functions": {arn: _allowed(aws, name, arn) for arn in sorted(functions)},
    }  # fmt: skip


def rule_arn(aws: Aws, name: str) -> str:
    return f"{aws.arn_prefix}:rule/{name}"


# -- the rule


def _payload(wanted: Wanted, role: str | None) -> Json:
    payload = {
        "sql": wanted.sql, "awsIotSqlVersion": _SQL_VERSION, "ruleDisabled": False,
        "actions": [target.action(role) for target in wanted.targets],
    }  # fmt: skip
    return {**payload, **({"errorAction": wanted.error.action(role)} if wanted.error else {})}


def _check(aws: Aws, project: Project, name: str, role: str | None) -> bool:
    """ToolError for what is in the way, before anything is made; -> whether the rule is there already, ours."""
    if role and (found := roles.find(aws, role)) is not None and not roles.is_ours(project, found):
        raise ToolError(f"there is a role {role} already that was not made here; take another name for the rule")
    if get(aws, name) is None:
        return False
    if not _is_rule_ours(aws, project, name):
        raise ToolError(f"there is a rule {name} already that was not made here; take another name")
    return True


def _is_rule_ours(aws: Aws, project: Project, name: str) -> bool:
    tags = aws_errors.pages(aws.iot.list_tags_for_resource, "tags", resourceArn=rule_arn(aws, name))
    return {"Key": roles.OWNER, "Value": project.state()["project"]} in list(tags)


def _note(project: Project, name: str, entry: Json | None) -> None:
    rules = {**noted(project.state()), name: entry}
    project.change_state(rules={each: kept for each, kept in rules.items() if kept is not None} or None)


def _when_role_counts(is_new: bool, call: Callable[..., object], **arguments: Any) -> None:
    """Call; a role that was just made AWS IoT cannot take for some seconds, and refuses the rule until it can."""
    for attempt in range(_ROLE_TRIES if is_new else 0):
        try:
            call(**arguments)
            return
        except ClientError as error:
            if aws_errors.code(error) != "InvalidRequestException" or "assume" not in str(error).lower():
                raise
            time.sleep(0.2 * 2**attempt)
    call(**arguments)


# -- its role


def _role_of(aws: Aws, wanted: Wanted) -> str | None:
    """The name of the rule's role; None when no target needs one."""
    if not any(target.statement(aws.arn_prefix) for target in wanted.all):
        return None
    role = f"{wanted.name}-rule"
    if len(role) <= _ROLE_BYTES:
        return role
    return f"{wanted.name[:50]}-{hashlib.sha256(wanted.name.encode()).hexdigest()[:8]}-rule"


def _policy(aws: Aws, wanted: Wanted) -> str:
    statements = [target.statement(aws.arn_prefix) for target in wanted.all]
    return policy.document([part for part in statements if part])


def _trust(aws: Aws, name: str) -> str:
    """AWS IoT alone, and for this rule of this account alone.

    https://docs.aws.amazon.com/iot/latest/developerguide/cross-service-confused-deputy-prevention.html
    """
    account = aws.arn_prefix.rpartition(":")[2]
    condition = {"StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": rule_arn(aws, name)}}
    principal = {"Service": "iot.amazonaws.com"}
    return policy.document([{"Action": "sts:AssumeRole", "Principal": principal, "Condition": condition}])


def _make_role(aws: Aws, project: Project, wanted: Wanted, role: str) -> bool:
    """-> whether it was made now."""
    is_new = roles.make(aws, project, role, _trust(aws, wanted.name), f"What the AWS IoT rule {wanted.name} may")
    aws.client("iam").put_role_policy(RoleName=role, PolicyName=_INLINE, PolicyDocument=_policy(aws, wanted))
    return is_new


def _shown(aws: Aws, role: str) -> Json | None:
    found = roles.find(aws, role)
    if found is None:
        return None
    iam = aws.client("iam")
    inline = iam.list_role_policies(RoleName=role)["PolicyNames"]
    policies = {each: iam.get_role_policy(RoleName=role, PolicyName=each)["PolicyDocument"] for each in inline}
    return {"trust": found["AssumeRolePolicyDocument"], "policies": policies}


# -- the functions that it calls


def _statement(aws: Aws, name: str, function: str) -> Json:
    """AddPermission's arguments: AWS IoT may call the function, for this rule of this account.

    https://docs.aws.amazon.com/iot/latest/developerguide/lambda-rule-action.html
    """
    identity = f"rule-{hashlib.sha256(rule_arn(aws, name).encode()).hexdigest()[:32]}"
    return {
        "FunctionName": function, "StatementId": identity, "Action": "lambda:InvokeFunction",
        "Principal": "iot.amazonaws.com", "SourceArn": rule_arn(aws, name),
        "SourceAccount": aws.arn_prefix.rpartition(":")[2],
    }  # fmt: skip


def _permit(aws: Aws, name: str, function: str) -> None:
    try:
        aws.client("lambda").add_permission(**_statement(aws, name, function))
    except ClientError as error:
        if aws_errors.code(error) != "ResourceConflictException":  # an earlier run's
            raise


def _forbid(aws: Aws, name: str, function: str) -> None:
    identity = _statement(aws, name, function)["StatementId"]
    roles.unless(roles.MISSING, aws.client("lambda").remove_permission, FunctionName=function, StatementId=identity)


def _allowed(aws: Aws, name: str, function: str) -> Json | None:
    """The statement of a function's policy that allows the rule, or None."""
    found = roles.unless(roles.MISSING, aws.client("lambda").get_policy, FunctionName=function)
    statements = json.loads(found["Policy"])["Statement"] if found else []
    return next((each for each in statements if rule_arn(aws, name) in json.dumps(each.get("Condition", {}))), None)
