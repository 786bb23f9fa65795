"""What a project needs from the account before its first thing: an endpoint and a policy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .. import journal
from ..cloud import aws as aws_errors
from ..cloud import local_aws
from ..errors import ToolError
from ..shapes import Json, Say
from . import names, things

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from .project import Project
    from .record import Record

_CLOUD = ("endpoint", "port", "cacert", "host", "ports")  # entries of thing.conf.json that a local AWS fills in
_REGION = re.compile(r"-ats\.iot\.([a-z0-9-]+)\.amazonaws\.com")


def endpoint_settings(aws: Aws, project: Project) -> Json:
    """The endpoint's entries of thing.conf.json for the account; a local AWS brings its ports and its CA with it, and
    the name by which its other doors are AWS IoT's."""
    cloud = local_aws.serving(aws)
    if cloud is None:
        return {"endpoint": aws.endpoint()}
    journal.write(project.folder / local_aws.CA_FILE, cloud.ca)
    found = {"endpoint": cloud.mqtt_host, "port": cloud.mqtt_port, "cacert": local_aws.CA_FILE}
    if cloud.ports and aws.region == cloud.region:
        found.update(host=aws.endpoint().partition(":")[0], ports=cloud.ports)
    return found


def provider(aws: Aws) -> str:
    """The address of the account's credential provider."""
    cloud = local_aws.serving(aws)
    if cloud and cloud.ports:
        return f"{cloud.mqtt_host}:{cloud.https_port}"
    found: str = aws.iot.describe_endpoint(endpointType="iot:CredentialProvider")["endpointAddress"]
    return found


def fill_in(aws: Aws, project: Project, say: Say) -> None:
    """Write the endpoint of the account, or of the local AWS, into the project where it has another."""
    settings = {**dict.fromkeys(_CLOUD), **endpoint_settings(aws, project)}
    config = project.config()
    if any(config.get(key) != value for key, value in settings.items()):
        project.change_config(**settings)
        port = f":{settings['port']}" if settings["port"] else ""
        say(f"endpoint: {settings['endpoint']}{port}")


def settle(aws: Aws, project: Project, say: Say) -> str:
    """Fill in the project's endpoint, make its policy where there is none; -> the policy's name."""
    config = project.config()
    if not config.get("endpoint") or (config.get("cacert") == local_aws.CA_FILE and local_aws.serving(aws)):
        project.change_state(endpoint_filled=True)
        fill_in(aws, project, say)
    else:
        _check_endpoint(aws, config)
    name = names.check_policy(config.get("policy_name") or f"{project.folder.resolve().name}-policy")
    if config.get("policy_name") != name:
        project.change_config(policy_name=name)

    def announce() -> None:
        project.change_state(policy=name)  # before it exists, so that clean-up finds it in any case
        say(f"making the policy {name}: own shadows, jobs and streams, topics dt/<thing>/# out and cmd/<thing>/# in")

    if not things.ensure_policy(aws, name, announce, (project.state().get("role_alias") or {}).get("name")):
        say(f"the policy {name} was there, and is not as one made here; it is taken as it is, and clean-up leaves it")
    return name


def unsettle(project: Project) -> None:
    """Take out what settle() filled in."""
    if project.state().get("endpoint_filled"):
        (project.folder / local_aws.CA_FILE).unlink(missing_ok=True)
        project.change_config(**dict.fromkeys(_CLOUD))


def region_of(endpoint: str | None) -> str | None:
    """The region of an endpoint of AWS; None for any other."""
    found = _REGION.search(endpoint or "")
    return found[1] if found else None


def check_region(project: Project, record: Record) -> None:
    """ToolError unless a thing was made in the region of the project's endpoint."""
    endpoint, arn = project.config().get("endpoint"), record.get("cert_arn") or ""
    region = region_of(endpoint)
    if region and arn and arn.split(":")[3] != region:
        raise ToolError(
            f"{record.name} was made in {arn.split(':')[3]}, and the project's endpoint is {endpoint}: set one of "
            f"{arn.split(':')[3]}"
        )


def _check_endpoint(aws: Aws, config: Json) -> None:
    """ToolError unless the project's endpoint is that of the account in which its things would be made."""
    endpoint = config["endpoint"]
    region = region_of(endpoint)
    if region and region != aws.region:
        raise ToolError(
            f"the project's endpoint is in {region}, these credentials point to {aws.region}: "
            f"pass --region {region}, or set another endpoint in thing.conf.json"
        )
    local = local_aws.serving(aws)
    if local is None and config.get("cacert") == local_aws.CA_FILE:
        raise ToolError(
            f"the project's endpoint {endpoint} is that of a local AWS, these credentials point to AWS: "
            f"set another endpoint in thing.conf.json, or use the local AWS ({aws_errors.LOCAL})"
        )
    if not region:
        return  # a domain of the account's own, or a local AWS's address, about which AWS says nothing
    own = None if local else aws.endpoint()
    if own != endpoint:
        where = f"an account whose endpoint is {own}" if own else f"the local AWS at {aws.url}"
        raise ToolError(
            f"the project's endpoint is {endpoint}, these credentials point to {where}: "
            "use the profile of the endpoint's account, or set another endpoint in thing.conf.json"
        )
