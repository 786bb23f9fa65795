"""What a project needs from the account before its first thing: an endpoint and a policy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .. import journal
from ..cloud import local_aws
from ..errors import ToolError
from ..shapes import Json, Say
from . import names, things

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from .project import Project

_REGION = re.compile(r"-ats\.iot\.([a-z0-9-]+)\.amazonaws\.com")


def endpoint_settings(aws: Aws, project: Project) -> Json:
    """The endpoint's entries of thing.conf.json for the account; a local AWS brings its port and its CA with it."""
    cloud = local_aws.serving(aws)
    if cloud is None:
        return {"endpoint": aws.endpoint()}
    journal.write(project.folder / local_aws.CA_FILE, cloud.ca)
    return {"endpoint": cloud.mqtt_host, "port": cloud.mqtt_port, "cacert": local_aws.CA_FILE}


def settle(aws: Aws, project: Project, say: Say) -> str:
    """Fill in the project's endpoint, make its policy where there is none; -> the policy's name."""
    config = project.config()
    if not config.get("endpoint"):
        project.change_state(endpoint_filled=True)
        project.change_config(**endpoint_settings(aws, project))
        say(f"endpoint: {project.config()['endpoint']}")
    else:
        _check_region(aws, config["endpoint"])
    name = names.check_policy(config.get("policy_name") or f"{project.folder.resolve().name}-policy")
    if config.get("policy_name") != name:
        project.change_config(policy_name=name)

    def announce() -> None:
        project.change_state(policy=name)  # before it exists, so that clean-up finds it in any case
        say(f"making the policy {name}: own shadows, jobs and streams, topics dt/<thing>/# out and cmd/<thing>/# in")

    things.ensure_policy(aws, name, announce)
    return name


def unsettle(project: Project) -> None:
    """Take out what settle() filled in."""
    if project.state().get("endpoint_filled"):
        (project.folder / local_aws.CA_FILE).unlink(missing_ok=True)
        project.change_config(endpoint=None, port=None, cacert=None)


def _check_region(aws: Aws, endpoint: str) -> None:
    region = _REGION.search(endpoint)
    if region and region[1] != aws.region:
        raise ToolError(
            f"the project's endpoint is in {region[1]}, these credentials point to {aws.region}: "
            f"pass --region {region[1]}, or set another endpoint in thing.conf.json"
        )
