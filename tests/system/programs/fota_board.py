"""The main.py of a board that is updated over the air. Argument: the folder that is the board's flash.

A board of kind "image" has the stand-in for the esp32 module, whose boot loader runs first.
"""

import json
import sys

folder = sys.argv[1]
with open(folder + "/board.json") as file:
    settings = json.load(file)
if settings["kind"] == "image":
    sys.path.insert(0, settings["standins"])
    import esp32

    esp32.insert(folder + "/flash", settings["sectors"])
    print(json.dumps({"event": "loader", "label": esp32.reset()}))
if settings["sleepless"]:
    from sleepless import skip_sleeps

    skip_sleeps()
sys.path.insert(0, folder)

from aws_iot.boot import run  # noqa: E402

run("app", folder + "/fota", settings["attempts"])
