"""Lets umqtt.simple 1.3.4 run on CPython."""

from struct import *  # noqa: F403
