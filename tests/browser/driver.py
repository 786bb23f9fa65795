"""Playwright, whose own program finds the library that `make setup` brought for it."""

import contextlib
import os
from collections.abc import Iterator

import pytest
from aws_iot_tools.dev import chromium
from playwright.sync_api import Playwright, sync_playwright


@contextlib.contextmanager
def playwright() -> Iterator[Playwright]:
    places = [str(chromium.DRIVER), *filter(None, [os.environ.get("LD_LIBRARY_PATH")])]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LD_LIBRARY_PATH", os.pathsep.join(places))
        started = sync_playwright().start()
    try:
        yield started
    finally:
        started.stop()
