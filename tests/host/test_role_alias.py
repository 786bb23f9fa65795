"""thing role-alias. The aliases themselves, which MiniStack lacks, are the local AWS's; role, policies and versions are
MiniStack's."""

import json

import pytest
from aws_iot_tools.things import policy

from tests.harness import power

from .conftest import REGION
from .role_aliases import RoleAliases

_NAME = "demo-keys"
_WIDE = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}'


@pytest.fixture
def aliases(thing, account, ministack):
    def has_role(name):
        return name in _roles(account)

    with RoleAliases(ministack.url, account.number, REGION, has_role) as running:
        thing.environment["AWS_ENDPOINT_URL"] = running.url
        yield running


def _roles(account) -> dict:
    return {role["RoleName"]: role for role in account.client("iam").list_roles()["Roles"]}


def _statement(account) -> dict:
    return {
        "Effect": "Allow", "Action": "iot:AssumeRoleWithCertificate",
        "Resource": f"arn:aws:iot:{REGION}:{account.number}:rolealias/{_NAME}",
    }  # fmt: skip


def _policy(account, name="demo-policy") -> dict:
    return json.loads(account.client("iot").get_policy(policyName=name)["policyDocument"])


def _assert_empty(account, aliases) -> None:
    account.assert_empty()
    assert aliases.aliases == {} and _roles(account) == {}


def test_from_create_to_cleanup(thing, project, account, aliases):
    thing.run("add", "demo")
    plain = _policy(account)
    said = thing.run("role-alias", "create", "demo", "--bucket", "pictures", "--seconds", "900").stdout
    assert f"role alias {_NAME}" in said
    role = f"arn:aws:iam::{account.number}:role/{_NAME}"
    assert aliases.aliases == {_NAME: {"roleAlias": _NAME, "roleArn": role, "credentialDurationSeconds": 900}}
    assert _policy(account)["Statement"] == [*plain["Statement"], _statement(account)]
    found = account.client("iam").get_role(RoleName=_NAME)["Role"]["AssumeRolePolicyDocument"]
    (trust,) = found["Statement"]
    assert (trust["Action"], trust["Principal"]) == ("sts:AssumeRole", {"Service": "credentials.iot.amazonaws.com"})
    inline = account.client("iam").get_role_policy(RoleName=_NAME, PolicyName="thing")["PolicyDocument"]
    assert inline["Statement"][-1]["Resource"] == "arn:aws:s3:::pictures/${credentials-iot:ThingName}/*"
    config = json.loads((project / "thing.conf.json").read_text())
    assert config["role_alias"] == _NAME and ".credentials.iot." in config["credentials"]
    assert thing.json("role-alias", "list") == [{"name": _NAME, "role": role, "seconds": 900}]
    thing.run("add", "demo")  # a thing that comes later may ask, too: its policy is the same
    thing.run("role-alias", "create", "demo")  # again: nothing new, but bucket and seconds change
    assert aliases.aliases[_NAME]["credentialDurationSeconds"] == 3600
    inline = account.client("iam").get_role_policy(RoleName=_NAME, PolicyName="thing")["PolicyDocument"]
    assert "s3" not in json.dumps(inline)
    assert len(account.client("iot").list_policy_versions(policyName="demo-policy")["policyVersions"]) == 1
    assert f"and the role alias {_NAME}" in thing.run("cleanup", "demo", "--dry-run").stdout
    thing.run("cleanup", "demo", "--yes")
    _assert_empty(account, aliases)
    assert "role_alias" not in (project / "thing.conf.json").read_text()


def test_delete_leaves_things_and_policy_as_they_were(thing, project, account, aliases):
    thing.run("add", "demo")
    before, config = _policy(account), (project / "thing.conf.json").read_text()
    thing.run("role-alias", "create", "demo", "--name", _NAME)
    assert "would delete" in thing.run("role-alias", "delete", "demo", "--dry-run").stdout
    assert "nothing was deleted" in thing.run("role-alias", "delete", "demo", typed="n\n", code=1).stderr
    assert _NAME in aliases.aliases
    thing.run("role-alias", "delete", "demo", "--yes")
    assert aliases.aliases == {} and _roles(account) == {} and _policy(account) == before
    assert (project / "thing.conf.json").read_text() == config and account.thing_names() == ["demo_0"]
    assert "nothing to delete" in thing.run("role-alias", "delete", "demo", "--yes").stdout


def test_dry_run_prints_the_documents(thing, project, account, aliases):
    said = thing.json("role-alias", "create", "demo", "--dry-run", "--bucket", "pictures")
    assert said["statement"] == _statement(account) and "credentials.iot.amazonaws.com" in said["trust"]
    assert "arn:aws:s3:::pictures/${credentials-iot:ThingName}/*" in said["policy"]
    _assert_empty(account, aliases)


def test_what_was_not_made_here_is_neither_taken_nor_deleted(thing, project, account, aliases):
    iam, iot = account.client("iam"), account.client("iot")
    iam.create_role(RoleName=_NAME, AssumeRolePolicyDocument=policy.trust())
    assert f"there is a role {_NAME} already" in thing.run("role-alias", "create", "demo", code=1).stderr
    theirs = {"roleAlias": _NAME, "roleArn": f"arn:aws:iam::{account.number}:role/other"}
    iam.delete_role(RoleName=_NAME)
    aliases.aliases[_NAME] = theirs
    assert f"there is a role alias {_NAME} already" in thing.run("role-alias", "create", "demo", code=1).stderr
    assert _roles(account) == {} and account.policies() == []
    del aliases.aliases[_NAME]
    iot.create_policy(policyName="demo-policy", policyDocument=_WIDE)
    said = thing.run("role-alias", "create", "demo", code=1).stderr
    assert "the policy demo-policy of the project's things is not as one made here" in said
    assert f"iot:AssumeRoleWithCertificate on {_statement(account)['Resource']}" in said
    assert _policy(account) == json.loads(_WIDE) and _roles(account) == {} and aliases.aliases == {}


def test_what_took_the_name_later_stays(thing, project, account, aliases):
    """Alias and role were deleted in the console, and somebody made others of these names."""
    thing.run("role-alias", "create", "demo")
    iam = account.client("iam")
    iam.delete_role_policy(RoleName=_NAME, PolicyName="thing")
    iam.delete_role(RoleName=_NAME)
    iam.create_role(RoleName=_NAME, AssumeRolePolicyDocument=policy.trust())
    said = thing.json("role-alias", "delete", "demo", "--yes")
    assert said["kept"] == [f"role alias {_NAME}", f"role {_NAME}"]
    assert _NAME in aliases.aliases and _NAME in _roles(account)
    assert _statement(account) not in _policy(account)["Statement"]


def test_another_account(thing, project, account, aliases):
    thing.run("role-alias", "create", "demo")
    thing.environment["AWS_ACCESS_KEY_ID"] = "111122223333"
    for words in (["create", "demo"], ["delete", "demo", "--yes"]):
        assert "made in account" in thing.run("role-alias", *words, code=1).stderr
    assert _NAME in aliases.aliases and _NAME in _roles(account)


def test_two_names(thing, project, aliases):
    thing.run("role-alias", "create", "demo")
    said = thing.run("role-alias", "create", "demo", "--name", "other", code=1).stderr
    assert f"has the role alias {_NAME} already" in said and set(aliases.aliases) == {_NAME}


@pytest.mark.parametrize("words", [["--name", "a.b"], ["--name", "x" * 65], ["--bucket", "A/b"]])
def test_names_that_aws_would_refuse(thing, project, aliases, words):
    assert " is no " in thing.run("role-alias", "create", "demo", *words, code=1).stderr


def test_what_is_added_keys_may_too(thing, project, account, aliases):
    thing.run("policy", "add", "demo", "--publish", "alerts/{thing}")
    thing.run("role-alias", "create", "demo")
    assert _added(account)["Statement"][0]["Resource"] == [
        f"arn:aws:iot:{REGION}:{account.number}:topic/alerts/${{credentials-iot:ThingName}}"
    ]
    thing.run("policy", "add", "demo", "--retain")
    assert [part["Action"] for part in _added(account)["Statement"]] == [
        "iot:Publish", ["iot:RetainPublish", "iot:GetRetainedMessage"]
    ]  # fmt: skip
    thing.run("policy", "remove", "demo", "--publish", "alerts/{thing}", "--retain")
    thing.run("policy", "remove", "demo", "--retain")
    assert account.client("iam").list_role_policies(RoleName=_NAME)["PolicyNames"] == ["thing"]
    thing.run("policy", "add", "demo", "--retain")
    thing.run("cleanup", "demo", "--yes")
    _assert_empty(account, aliases)


def _added(account) -> dict:
    return account.client("iam").get_role_policy(RoleName=_NAME, PolicyName="additions")["PolicyDocument"]


def test_a_denied_call_is_gone_on_from(thing, project, account, aliases):
    aliases.refuse["/role-aliases/demo-keys"] = (2, 403, "UnauthorizedException")
    assert "not allowed" in thing.run("role-alias", "create", "demo", code=1).stderr
    thing.run("role-alias", "create", "demo", ok=False)
    aliases.refuse.clear()
    thing.run("role-alias", "create", "demo")
    assert _statement(account) in _policy(account)["Statement"]
    thing.run("cleanup", "demo", "--yes")
    _assert_empty(account, aliases)


_PARTS = 4


@pytest.mark.parametrize("part", power.parts(_PARTS))
def test_killed_at_each_step(thing, project, account, aliases, part):
    """Of making and of deleting it; half go on, half give up."""
    making, deleting = ["role-alias", "create", "demo"], ["role-alias", "delete", "demo", "--yes"]
    for again in power.killed(thing, project, making, deleting, part, _PARTS, 15):
        if again:
            assert _statement(account) in _policy(account)["Statement"] and _NAME in aliases.aliases
        thing.run("cleanup", "demo", "--yes")
        _assert_empty(account, aliases)
