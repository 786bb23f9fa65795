"""Lets umqtt.simple 1.3.4 run on CPython."""

from binascii import *  # noqa: F403
