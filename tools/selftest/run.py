"""One run of the self-test: the device prepared, one stage after the other, and all put back as it was."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import ToolError
from ..main import sentence
from ..shapes import Json, Say
from ..things import single
from . import ledger, payload, stages
from .lab import Lab, removers
from .stages import Finding, Stage

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from .device import Device
    from .ledger import Ledger


class Run:
    """What the stages work with, and their findings."""

    def __init__(
        self,
        device: Device,
        aws: Aws | None = None,
        rounds: int = 200,
        trial_s: float = 60,
        minutes: int = 0,
        qualification: bool = False,
        wifi: Json | None = None,
    ) -> None:
        self.device, self.aws = device, aws
        self.rounds, self.trial_s, self.minutes, self.qualification = rounds, trial_s, minutes, qualification
        self.wifi = wifi
        self._lab: Lab | None = None
        self.library: dict[str, int] = {}  # its files that are lent, and their sizes
        self.rejoins = self.timer = False  # what the stages found: Wi-Fi to switch off and on, a timer of the chip
        self.info = device.info()
        self.findings: list[Finding] = []
        self.left: list[str] = []  # what could not be put back: sentences

    @property
    def lab(self) -> Lab:
        """The account's side, in a run with the network."""
        if self._lab is None:
            raise ToolError("there is no account in a run without the network")
        return self._lab

    @property
    def cloud(self) -> str | None:
        """In words; None without the network."""
        return self._lab.words if self._lab else None

    @property
    def stages(self) -> list[Stage]:
        """The stages of this run."""
        chosen = [stage for stage in stages.STAGES if self.aws or not stage.online]
        if self.minutes:
            chosen.append(stages.HOUR)
        if self.qualification:
            chosen.append(stages.QUALIFY)
        return chosen

    @property
    def well(self) -> bool:
        return all(finding.state != "failed" for finding in self.findings) and not self.left

    def install(self, files: dict[str, bytes]) -> None:
        """Put library and programs onto the device, with these files of the thing."""
        library = payload.library(self.info)
        self.library = payload.lent(library)
        settings = payload.settings(self.wifi, self._lab.public_key if self._lab else None, self.trial_s)
        self.device.install({**library, **payload.programs(self.device.folder), **settings, **files})

    def examine(self, report: Callable[[Finding], object], say: Say = lambda text: None) -> None:
        """Run it all; report(finding) after each stage. What was made is deleted at any end, Ctrl-C included.

        say(text) is told what may take a while.
        """
        self._say = say
        with contextlib.ExitStack() as stack:
            more = self._borrow(self.aws, stack) if self.aws else {}
            stack.callback(self._leave)
            self.install(more)
            for stage in self.stages:
                finding = self._stage(stage)
                self.findings.append(finding)
                report(finding)

    def _borrow(self, aws: Aws, stack: contextlib.ExitStack) -> dict[str, bytes]:
        """Make the thing, after what earlier runs left; -> {name: bytes} of its files."""
        place = single.place(aws)
        for old in ledger.left_over(place):
            self._clean(aws, old)
        made = stack.enter_context(ledger.opened(place))
        stack.callback(self._clean, aws, made)
        self._lab = Lab(aws, made)
        return self._lab.make_thing()

    def _clean(self, aws: Aws, made: Ledger) -> None:
        if made.has("suite"):
            self._say("stopping Device Advisor and deleting what was made, which may take ten minutes")
        for (kind, name, _), error in made.clean(removers(aws)):
            self.left.append(f"the {kind} {name} is still there ({sentence(error)}); the next run deletes it")

    def _leave(self) -> None:
        try:
            self.device.leave()
        except ToolError as error:
            self.left.append(f"the board is not as it was ({error}); the next run puts its main.py back")

    def _stage(self, stage: Stage) -> Finding:
        start = time.monotonic()
        well = {finding.name for finding in self.findings if finding.state == "ok"}
        missing = [name for name in stage.needs if name not in well]
        if missing:
            return Finding(stage.name, "left out", f"it needs {' and '.join(missing)}")
        try:
            text, figures = stage.examine(self)
            state = "ok"
        except stages.LeftOut as reason:
            state, text, figures = "left out", str(reason), {}
        except Exception as error:
            state, text, figures = "failed", f"{sentence(error)}: {stage.cure}", {}
        return Finding(stage.name, state, text, round(time.monotonic() - start, 1), figures)
