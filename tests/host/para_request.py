"""What `thing serve` does at its start and for one request: para_request.py FOLDER [create|delete|patch NAME].

In one process, which forks.py kills where it is told to; prints the things that there are then.
"""

import contextlib
import json
import sys

from aws_iot_tools.cloud.aws import Aws
from aws_iot_tools.fleet.para import recovery
from aws_iot_tools.fleet.para.service import Things
from aws_iot_tools.fleet.para.store import Store
from aws_iot_tools.things import place
from aws_iot_tools.things.project import SERVED, Project

folder, *request = sys.argv[1:]
project, aws = Project.open(folder), Aws()
place.note(aws, project)
things = Things(aws, project, Store(project.resources / SERVED))
recovery.settle(things, lambda _total: contextlib.nullcontext(lambda: None))
if request:
    do, name = request
    if do == "create":
        given = {"name": name, "serviceBroker": "AWS", "deviceState": {"led": "on"}, "room": "kitchen"}
        things.create("myapp", [(None, given)])
    else:
        found = things.store.named(name)
        if do == "delete":
            things.delete("myapp", found.id)
        else:
            things.update("myapp", found.id, {"deviceState": {"led": "off"}, "room": "hall"})
print(json.dumps([things.read("myapp", entry.id) for entry in things.store.all()]))
