"""AWS IoT Core Device Advisor: its qualification suite, run against the device, by its API.

https://docs.aws.amazon.com/iot/latest/developerguide/device-advisor-workflow.html. Nothing here was run against AWS.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ..cloud import aws as aws_errors
from ..cloud import local_aws
from ..errors import ToolError
from ..shapes import Client, Json
from .lab import trusts
from .stages import LeftOut

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from .lab import Lab
    from .run import Run
    from .stages import Outcome

# https://docs.aws.amazon.com/iot/latest/developerguide/device-advisor.html
REGIONS = ("us-east-1", "us-west-2", "ap-northeast-1", "eu-west-1")
_SERVICE = "iotdeviceadvisor.amazonaws.com"
_OVER = ("PASS", "FAIL", "CANCELED", "STOPPED", "PASS_WITH_WARNINGS", "ERROR")
_GOOD = ("PASS", "PASS_WITH_WARNINGS")
_LOOK_S = 15
_SUITE_S = 3 * 3600
_STOP_S = 600  # "the cleanup process will take several minutes"


def check(aws: Aws) -> None:
    """ToolError where there is no Device Advisor."""
    if local_aws.serving(aws) is None and aws.region not in REGIONS:
        raise ToolError(f"there is no Device Advisor in {aws.region}: pass --region with one of {', '.join(REGIONS)}")


def qualify(run: Run) -> Outcome:
    """The stage: (finding, figures); ToolError when a test of the suite fails."""
    if run.lab.cloud:
        raise LeftOut("the local AWS has no Device Advisor; `make device-advisor` plays its tests")
    suite = Suite(run.lab.aws, run.lab)
    run.install(run.lab.files(suite.endpoint()))
    with run.device.boot() as program:
        status, tests = suite.run(lambda seconds: program.next(seconds))
    bad = [f"{test['name']} {test['status']} {test['why']}".strip() for test in tests if test["status"] not in _GOOD]
    figures: Json = {"status": status, "tests": tests}
    if status not in _GOOD:
        raise ToolError(f"the suite is {status}: {'; '.join(bad) or 'no test tells why'}")
    figures["qualification_report"] = bool(suite.report_url())
    return f"{status}: {len(tests)} tests", figures


class Suite:
    """The qualification suite of one run. Its definition is in the ledger, by its name: AWS gives the id later."""

    def __init__(self, aws: Aws, lab: Lab) -> None:
        self.aws, self.lab = aws, lab
        self._client = aws.client("iotdeviceadvisor")
        self._device = {"thingArn": lab.thing_arn, "certificateArn": lab.certificate_arn}

    def endpoint(self) -> str:
        """Where the device connects during the tests: an endpoint of its own."""
        return self._client.get_endpoint(**self._device)["endpoint"]

    def run(self, drive: Callable[[float], object]) -> tuple[str, list[Json]]:
        """Run the suite; drive(seconds) is called meanwhile. -> status, [{"name", "status", "why"}]."""
        ids = self._start()
        deadline = time.monotonic() + _SUITE_S
        while True:
            found = self._client.get_suite_run(**ids)
            if found["status"] in _OVER:
                self._ids = ids
                return found["status"], _tests(found)
            if time.monotonic() > deadline:
                raise ToolError(f"the suite is still {found['status']} after {_SUITE_S // 3600} hours")
            drive(_LOOK_S)

    def _start(self) -> dict[str, str]:
        name = self.lab.ledger.note("suite", self.lab.name)
        configuration = {
            "suiteDefinitionName": name,
            "devices": [self._device],
            "intendedForQualification": True,
            "rootGroup": "",  # all the qualification tests, as AWS configures them
            "devicePermissionRoleArn": self._role(),
            "protocol": "MqttV3_1_1",
        }
        made = self._client.create_suite_definition(suiteDefinitionConfiguration=configuration)
        suite = made["suiteDefinitionId"]
        started = self._client.start_suite_run(
            suiteDefinitionId=suite, suiteRunConfiguration={"primaryDevice": self._device, "parallelRun": True}
        )
        return {"suiteDefinitionId": suite, "suiteRunId": started["suiteRunId"]}

    def _role(self) -> str:
        """What Device Advisor may do as the device: what the device's own policy allows."""
        name, prefix = self.lab.name, self.lab.thing_arn.rpartition(":")[0]
        own = (f"$aws/things/{name}/*", f"dt/{name}/*", f"cmd/{name}/*")
        topics = [f"{prefix}:topic/{each}" for each in own]
        return self.lab.make_role(
            f"{name}-advisor", trusts(_SERVICE),
            {"Effect": "Allow", "Action": "iot:Connect", "Resource": f"{prefix}:client/{name}"},
            {"Effect": "Allow", "Action": ["iot:Publish", "iot:Receive", "iot:RetainPublish"], "Resource": topics},
            {"Effect": "Allow", "Action": "iot:Subscribe",
             "Resource": [f"{prefix}:topicfilter/{each}" for each in own]},
        )  # fmt: skip

    def report_url(self) -> str | None:
        """Where the signed qualification report is for 90 seconds; AWS gives it for a suite that has passed."""
        return self._client.get_suite_run_report(**self._ids).get("qualificationReportDownloadUrl")


def _tests(found: Json) -> list[Json]:
    return [
        {"name": test["testCaseDefinitionName"], "status": test["status"],
         "why": test.get("failure") or test.get("warnings") or ""}
        for group in found.get("testResult", {}).get("groups", ()) for test in group.get("tests", ())
    ]  # fmt: skip


def delete_suite(aws: Aws, name: str, sleep: Callable[[float], object] = time.sleep) -> None:
    """Stop the runs of the suites of this name and delete them."""
    client = aws.client("iotdeviceadvisor")
    for suite in aws_errors.pages(client.list_suite_definitions, "suiteDefinitionInformationList"):
        if suite["suiteDefinitionName"] != name:
            continue
        ids = {"suiteDefinitionId": suite["suiteDefinitionId"]}
        for run in aws_errors.pages(client.list_suite_runs, "suiteRunsList", **ids):
            _stop(client, {**ids, "suiteRunId": run["suiteRunId"]}, run["status"], sleep)
        client.delete_suite_definition(**ids)


def _stop(client: Client, ids: dict[str, str], status: str, sleep: Callable[[float], object]) -> None:
    if status in ("PENDING", "RUNNING"):
        try:
            client.stop_suite_run(**ids)
        except ClientError as error:
            if aws_errors.code(error) != "ConflictException":  # it has just ended
                raise
    waited = 0
    while status not in _OVER and waited < _STOP_S:
        sleep(_LOOK_S)
        waited += _LOOK_S
        status = client.get_suite_run(**ids)["status"]
