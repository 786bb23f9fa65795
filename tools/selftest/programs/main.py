"""The board's main.py during the self-test's jobs and updates; its own is kept beside it and put back."""

import json
import sys

FOLDER = "FOLDER"  # `thing selftest` writes it
sys.path.insert(0, FOLDER)

from aws_iot.boot import run  # noqa: E402

with open(FOLDER + "/settings.json") as file:
    trial_s = json.load(file)["trial_s"]
# the chip's timer is there for what hangs: where a version runs, its own limit comes first
run("app", FOLDER + "/fota", trial_s=2 * trial_s)
