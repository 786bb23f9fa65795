"""The board's main.py, which no update replaces: it starts the application that is in force, or a new one on trial."""

from aws_iot.boot import run

run("app")
