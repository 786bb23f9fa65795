"""What is cut off at each of many steps, in parts that run side by side: `make test` plays the first of them."""

import shutil

import pytest


def parts(number: int, tested: int = 1) -> list:
    """Parameters for `part`: those below `number`, of which `make power` plays those from `tested` on."""
    return [pytest.param(part, marks=[pytest.mark.power] if part >= tested else []) for part in range(number)]


def killed(thing, project, making: list, deleting: list, part: int, number: int, least: int):
    """kill -9 of either command at each of a part's steps, of which it has more than `least`, each time in the project
    as it is now; yields whether it was made once more, which half are, before the caller cleans up."""
    clean = project.with_name("clean")
    shutil.copytree(project, clean)
    steps = [thing.fork(words)["steps"] for words in (making, deleting)]
    assert min(steps) > least
    thing.run("cleanup", project.name, "--yes")
    for words, most in zip((making, deleting), steps, strict=True):
        for step in range(1 + part, most + 1, number):
            shutil.rmtree(project)
            shutil.copytree(clean, project)
            if words is deleting:
                thing.run(*making)
            assert thing.fork(words, step)["code"] == -9
            again = bool(step // number % 2)
            if again:
                thing.run(*making)
            yield again
