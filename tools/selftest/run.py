"""One run of the self-test: the device prepared, one stage after the other, and all put back as it was."""

import contextlib
import time

from ..errors import ToolError
from ..main import sentence
from ..things import single
from . import ledger, payload, stages
from .lab import Lab, removers


class Run:
    """What the stages work with, and their findings."""

    def __init__(self, device, aws=None, rounds=200, trial_s=60, minutes=0, qualification=False, wifi=None):
        self.device, self.aws = device, aws
        self.rounds, self.trial_s, self.minutes, self.qualification = rounds, trial_s, minutes, qualification
        self.wifi = wifi
        self.lab = None
        self.library = {}  # its files that are lent, and their sizes
        self.rejoins = self.timer = False  # what the stages found: Wi-Fi to switch off and on, a timer of the chip
        self.info = device.info()
        self.findings = []
        self.left = []  # what could not be put back: sentences

    @property
    def stages(self):
        """The stages of this run."""
        chosen = [stage for stage in stages.STAGES if self.aws or not stage.online]
        if self.minutes:
            chosen.append(stages.HOUR)
        if self.qualification:
            chosen.append(stages.QUALIFY)
        return chosen

    @property
    def well(self):
        return all(finding.state != "failed" for finding in self.findings) and not self.left

    def install(self, files):
        """Put library and programs onto the device, with these files of the thing."""
        library = payload.library(self.info)
        self.library = payload.lent(library)
        settings = payload.settings(self.wifi, self.lab and self.lab.public_key, self.trial_s)
        self.device.install({**library, **payload.programs(self.device.folder), **settings, **files})

    def examine(self, report, say=lambda text: None):
        """Run it all; report(finding) after each stage. What was made is deleted at any end, Ctrl-C included.

        say(text) is told what may take a while.
        """
        self._say = say
        with contextlib.ExitStack() as stack:
            more = self._borrow(stack) if self.aws else {}
            stack.callback(self._leave)
            self.install(more)
            for stage in self.stages:
                finding = self._stage(stage)
                self.findings.append(finding)
                report(finding)

    def _borrow(self, stack):
        """Make the thing, after what earlier runs left; -> {name: bytes} of its files."""
        place = single.place(self.aws)
        for old in ledger.left_over(place):
            self._clean(old)
        made = stack.enter_context(ledger.opened(place))
        stack.callback(self._clean, made)
        self.lab = Lab(self.aws, made)
        return self.lab.make_thing()

    def _clean(self, made):
        if made.has("suite"):
            self._say("stopping Device Advisor and deleting what was made, which may take ten minutes")
        for (kind, name, _), error in made.clean(removers(self.aws)):
            self.left.append(f"the {kind} {name} is still there ({sentence(error)}); the next run deletes it")

    def _leave(self):
        try:
            self.device.leave()
        except ToolError as error:
            self.left.append(f"the board is not as it was ({error}); the next run puts its main.py back")

    def _stage(self, stage):
        start = time.monotonic()
        well = {finding.name for finding in self.findings if finding.state == "ok"}
        missing = [name for name in stage.needs if name not in well]
        if missing:
            return stages.Finding(stage.name, "left out", f"it needs {' and '.join(missing)}")
        try:
            text, figures = stage.examine(self)
            state = "ok"
        except stages.LeftOut as reason:
            state, text, figures = "left out", str(reason), {}
        except Exception as error:
            state, text, figures = "failed", f"{sentence(error)}: {stage.cure}", {}
        return stages.Finding(stage.name, state, text, round(time.monotonic() - start, 1), figures)
