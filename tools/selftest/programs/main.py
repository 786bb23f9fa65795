"""The board's main.py during the self-test's jobs and updates; its own is kept beside it and put back."""

import sys

sys.path.insert(0, "FOLDER")  # `thing selftest` writes the folder, and how long a trial may take

from aws_iot.boot import run  # noqa: E402

run("app", "FOLDER/fota", 3, 300)
