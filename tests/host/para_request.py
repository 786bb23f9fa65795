"""What `thing serve` does at its start and for one request: para_request.py FOLDER [create|delete|patch|put NAME];
create and delete take several names with commas between, as one batch.

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
    do, names = request[0], request[1].split(",")
    if do == "create":
        given = {"serviceBroker": "AWS", "deviceState": {"led": "on"}, "room": "kitchen"}
        things.create("myapp", [(None, {"name": name, **given}) for name in names])
    else:
        found = [things.store.named(name).id for name in names]
        if do == "delete":
            things.delete_all("myapp", found)
        else:
            change = things.update if do == "patch" else things.replace
            change("myapp", found[0], {"deviceState": {"led": "off"}, "room": "hall"})
print(json.dumps([things.read("myapp", entry.id) for entry in things.store.all()]))
