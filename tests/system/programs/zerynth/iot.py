"""What a Zerynth program calls ``iot``: aws_iot as it is, its Thing with the port and CA of the local AWS added."""

import json

import aws_iot


def Thing(*args, **options):  # noqa: N802  Zerynth's name
    with open("thing.conf.json") as file:
        port = json.load(file)["port"]
    with open("ca.pem") as file:
        return aws_iot.Thing(*args, cacert=file.read(), port=port, **options)
