"""A thing that fetches AWS keys by its certificate: its project, as `thing role-alias create` and `flash` leave it."""

import contextlib
import json

from aws_iot_tools.things import policy

from tests.harness.ministack import ACCOUNT, REGION

ALIAS = "demo-keys"
BUCKET = "pictures"
ARN = f"arn:aws:iot:{REGION}:{ACCOUNT}"
HOST = f"a1b2c3d4e5f6g7-ats.iot.{REGION}.amazonaws.com"
HEAPS = {"cpython": None, "mp64": "220k", "mp32": "120k"}  # the agent is compiled in it


def make_role(ministack) -> str:
    """The role of `thing role-alias create --bucket`, made unless it is there; its name, which is the alias's."""
    iam = ministack.client("iam")
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=ALIAS, AssumeRolePolicyDocument=policy.trust())
    iam.put_role_policy(RoleName=ALIAS, PolicyName="thing", PolicyDocument=policy.of_keys(ARN, BUCKET))
    ministack.client("s3").create_bucket(Bucket=BUCKET)
    return ALIAS


def project(folder, name, ministack, authority, port, provider, *, allowed=True, identity=None, conf=None):
    """The path of thing.conf.json. `allowed`: by its certificate's policy; `identity`: another certificate and key;
    `conf`: changes."""
    thing = ministack.make_thing(name, json.loads(policy.least_privilege(ARN, ALIAS if allowed else None)))
    certificate, key = thing.certificate.encode(), thing.key.encode()
    if identity:
        certificate, key = identity.certificate_pem(), identity.key_pem()
    document = {
        "endpoint": "127.0.0.1", "port": port, "mqttid": name, "cacert": "ca.pem", "door": "wss", "host": HOST,
        "role_alias": ALIAS, "credentials": f"localhost:{provider.port}", **(conf or {}),
    }  # fmt: skip
    files = {
        "thing.conf.json": json.dumps(document).encode(), "ca.pem": authority.pem(),
        "certificate.pem.crt": certificate, "private.pem.key": key,
    }  # fmt: skip
    folder.mkdir(exist_ok=True)
    for file, content in files.items():
        (folder / file).write_bytes(content)
    return folder / "thing.conf.json"
