"""What is examined, in order. A stage is a function of the run that returns (finding, figures), or raises ToolError."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import ToolError
from ..shapes import Json
from .payload import application

if TYPE_CHECKING:
    from .device import Program
    from .run import Run

_JOIN_S = 30
_START_S = 90  # to join the Wi-Fi, connect and subscribe
_JOB_S = 300
_SHADOW_S, _LOOK_S = 10, 0.2
_BURST, _BURST_BYTES = 100, 64
_OFF_S = 10
_KEPT_BYTES = 1024  # what a heap may grow by over a stage: a dict's or list's next size
_DENIED_S = 30
_SETTLED_MINUTES, _SAMPLE_MS = 5, 10000
_OLDEST = (1, 23)

Outcome = tuple[str, Json]  # a finding in words, and figures


class LeftOut(Exception):
    """The stage does not apply here; the text says why."""


@dataclass
class Stage:
    """`cure`: what to do first when it fails. `needs`: the stages that must have gone well before."""

    name: str
    examine: Callable[[Run], Outcome]
    cure: str
    needs: tuple[str, ...] = ()
    online: bool = True


@dataclass
class Finding:
    """A stage's outcome: state ("ok", "failed", "left out"), text, figures and how long it took."""

    name: str
    state: str
    text: str
    seconds: float = 0.0
    figures: Json = field(default_factory=dict)


def chip(run: Run) -> Outcome:
    info = run.info
    with run.device.run("chip") as program:
        found = program.expect("chip", 30)
    del found["event"]
    run.timer = bool(found.get("timer"))
    version = ".".join(map(str, info["version"]))
    if tuple(info["version"][:2]) < _OLDEST:
        raise ToolError(f"MicroPython {version} is too old")
    umqtt = {None: "none, put there"}.get(info["umqtt"], info["umqtt"])
    text = f"{info['machine']}, MicroPython {version}, {found['heap_bytes'] // 1024} KB of heap"
    return text, {**found, "machine": info["machine"], "version": version, "umqtt": umqtt, "free_bytes": info["free"]}


def imported(run: Run) -> Outcome:
    with run.device.run("imported") as program:
        found = _figures(program.expect("imported", 60))
    return f"{found['bytes']} B of heap, {found['ms']} ms, {found['free_bytes'] // 1024} KB free then", found


def lent(run: Run) -> Outcome:
    names = [[name, size] for name, size in run.library.items()]
    with run.device.run("lent", names=names) as program:
        found = _figures(program.expect("loaded", 120))
    text = f"{found['median_us'] / 1000:.1f} ms a file in the median of {found['files']}, {found['us_per_kb']} us a KB"
    return f"{text}, the slowest {found['slowest_us'] / 1000:.1f} ms ({found['slowest']})", found


def network(run: Run) -> Outcome:
    with run.device.run("link", "join", timeout_s=_JOIN_S) as program:
        found = _figures(program.expect("joined", _JOIN_S + 30))
    run.rejoins = found["wifi"] and found["known"]
    if not found["wifi"]:
        return "a port without Wi-Fi, taken to be online", found
    return f"joined in {found['ms']} ms" + (f", RSSI {found['rssi']} dBm" if "rssi" in found else ""), found


def tls(run: Run) -> Outcome:
    with run.device.run("link", "handshakes") as program:
        found = _figures(program.expect("handshakes", 120))
    words = f" ({found['cipher']})" if found["cipher"] else ""
    return f"handshake {found['ms']} ms in the median of three{words}, TCP before it {found['tcp_ms']} ms", found


def connect(run: Run) -> Outcome:
    with run.device.run("session", "deltas", rounds=0) as program:
        found = _figures(program.expect("connected", _START_S))
    return f"in {found['ms']} ms, {found['bytes']} B of heap with a delta handler", found


def deltas(run: Run) -> Outcome:
    """Desired by the account's API, answered by the device, confirmed by its PUBACK.

    That says that the broker has the report, not that the shadow has it, which may take the next desired first: then it
    tells of the same difference again after that report, and the state shows it a little later.
    """
    took = []
    with run.device.run("session", "deltas", rounds=run.rounds) as program:
        program.expect("connected", _START_S)
        for n in range(1, run.rounds + 1):
            start = time.monotonic()
            run.lab.desire({"n": n})
            program.expect("reported", 60, n=n)
            took.append((time.monotonic() - start) * 1000)
        found = _figures(program.expect("answered", 60))
    state = _settled(run)
    if state.get("reported") != {"n": run.rounds} or "delta" in state:
        raise ToolError(f"the shadow is {json.dumps(state)}, not reported {run.rounds}")
    found["from_here_p50_ms"] = round(statistics.median(took))
    text = f"{run.rounds} of {run.rounds}, delta to PUBACK {found['p50_ms']} ms (p50), heap {found['grown_bytes']:+} B"
    return _steady(f"{text}; seen from here {found['from_here_p50_ms']} ms", found)


def _settled(run: Run) -> Json:
    """The shadow's state, once it has the last report."""
    deadline = time.monotonic() + _SHADOW_S
    while (state := run.lab.shadow()).get("reported") != {"n": run.rounds} and time.monotonic() < deadline:
        time.sleep(_LOOK_S)
    return state


def burst(run: Run) -> Outcome:
    with run.device.run("session", "burst", count=_BURST, size=_BURST_BYTES) as program:
        found = _figures(program.expect("sent", _START_S + 120))
    text = f"{_BURST} of {_BURST} acknowledged in {found['ms']} ms, {found['per_s']} a second"
    text += f", {found['resent']} sent again" if found["resent"] else ""
    return _steady(f"{text}, heap {found['grown_bytes']:+} B", found)


def outage(run: Run) -> Outcome:
    if not run.rejoins:
        raise LeftOut("there is no Wi-Fi, or no wifi.json says how to join it again")
    with run.device.run("outage", off_s=_OFF_S) as program:
        program.expect("off", _START_S)
        found = _figures(program.expect("back", 300))
    text = f"off for {_OFF_S} s; joined again in {found['joined_ms']} ms, all delivered {found['ms']} ms after that"
    return f"{text}, {found['connects'] - 1} reconnects (cause told: {found['cause'] or 'none'})", found


def denied(run: Run) -> Outcome:
    if run.lab.cloud and not run.lab.cloud.enforces:
        raise LeftOut("the Mosquitto in front of the local AWS enforces no policies")
    with run.device.run("session", "denied", seconds=_DENIED_S) as program:
        found = _figures(program.expect("tried", _START_S + _DENIED_S + 60))
    if not found["cause"]:
        raise ToolError("a publish to another thing's topic was let through")
    return f"refused, and the connection came back; the cause told: {found['cause']}", found


def jobs(run: Run) -> Outcome:
    """One job whose handler can go on after a reset, one whose cannot."""
    with run.device.boot() as program:
        program.expect("boot", _START_S)
        drive = _driven(program)
        start = time.monotonic()
        status, details = run.lab.outcome(run.lab.job({"operation": "selftest-resumed"}), _JOB_S, drive)
        took = time.monotonic() - start
        if status != "SUCCEEDED" or details.get("resumed") != "2":
            raise ToolError(f"the job that can go on after a reset is {status}: {json.dumps(details)}")
        status, details = run.lab.outcome(run.lab.job({"operation": "selftest-broken"}), _JOB_S, drive)
        if status != "FAILED" or "restart" not in details.get("reason", ""):
            raise ToolError(f"the job that cannot go on after a reset is {status}: {json.dumps(details)}")
    text = f"reset in its middle it went on and SUCCEEDED, {took:.1f} s in all; one that cannot go on has FAILED"
    return text, {"seconds": round(took, 1)}


def undone(run: Run) -> Outcome:
    """A version that runs and never confirms."""
    return _undone(run, "2.0.0", "silent")


def hung(run: Run) -> Outcome:
    """A version that hangs: only a timer of the chip can end that."""
    if not run.timer:
        raise LeftOut("this port has no machine.Timer, which ends what hangs")
    return _undone(run, "2.1.0", "hung")


def _undone(run: Run, version: str, behaviour: str) -> Outcome:
    """The job tells that the version was undone, and the old one runs."""
    with run.device.boot() as program:
        program.expect("boot", _START_S, version="1.0.0")
        status, details, took = _update(run, program, version, behaviour)
        if status != "FAILED" or "not confirmed" not in details.get("reason", ""):
            raise ToolError(f"a version that does not confirm is {status}: {json.dumps(details)}")
    with run.device.boot() as program:
        program.expect("boot", _START_S, version="1.0.0")
    return f"undone after {took:.0f} s: {details['reason']}", {"seconds": round(took, 1), "reason": details["reason"]}


def kept(run: Run) -> Outcome:
    return _kept(run, "3.0.0", stream=False)


def streamed(run: Run) -> Outcome:
    if run.lab.cloud and run.lab.cloud.front != "mosquitto":
        raise LeftOut("the local AWS has MQTT streams behind `thing cloud up --mosquitto` only")
    return _kept(run, "4.0.0", stream=True)


def _kept(run: Run, version: str, stream: bool) -> Outcome:
    """A version that confirms stays, also after the next start."""
    with run.device.boot() as program:
        program.expect("boot", _START_S)
        status, details, took = _update(run, program, version, "good", stream)
        if status != "SUCCEEDED" or details.get("version") != version:
            raise ToolError(f"a good version is {status}: {json.dumps(details)}")
    with run.device.boot() as program:
        program.expect("boot", _START_S, version=version)
    return f"version {version} runs, {took:.0f} s from the job's start to its end", {"seconds": round(took, 1)}


def hour(run: Run) -> Outcome:
    heaps = []
    with run.device.run("session", "hour", minutes=run.minutes, sample_ms=_SAMPLE_MS) as program:
        for number in range(run.minutes + 1):
            found = program.expect("minute", _START_S + 120, number=number)
            heaps.append(found["bytes"])
        over = _figures(program.expect("over", 60))
    early = heaps[min(_SETTLED_MINUTES, len(heaps) - 1)]
    found = {**over, "heaps": heaps, "connects": found["connects"], "grown_bytes": heaps[-1] - early}
    text = f"{run.minutes} minutes, heap {heaps[0]} B first, {heaps[-1]} B last ({found['grown_bytes']:+} B)"
    return _steady(f"{text}, {found['connects'] - 1} reconnects", found)


def qualify(run: Run) -> Outcome:
    from . import advisor

    return advisor.qualify(run)


_CONNECTS = ("network",)
STAGES = (
    Stage("chip", chip, "flash MicroPython 1.23 or newer", online=False),
    Stage("import", imported, "is the heap large enough (64 KB)?", ("chip",), online=False),
    Stage("lent files", lent, "is the flash worn, or the file system full?", ("import",), online=False),
    Stage("network", network, "are ssid and password right (--wifi), and the access point near?", ("import",)),
    Stage("TLS", tls, "`thing doctor` tells more; does a firewall block port 8883?", _CONNECTS),
    Stage("connect", connect, "`thing doctor` tells more", ("TLS",)),
    Stage("deltas", deltas, "is the network steady? Try again nearer to the access point", ("connect",)),
    Stage("QoS 1 burst", burst, "is the network steady? Try again nearer to the access point", ("connect",)),
    Stage("Wi-Fi off and on", outage, "does the access point let the board back in?", ("connect",)),
    Stage("policy", denied, "is another, wider policy attached to the certificate?", ("connect",)),
    Stage("reset in mid-job", jobs, "does machine.reset() restart the board? Watch it with mpremote", ("connect",)),
    Stage("FOTA undone", undone, "is its flash full? Can it reach where the firmware lies?", ("connect",)),
    Stage("FOTA hung", hung, "is machine.Timer number 0 free?", ("FOTA undone",)),
    Stage("FOTA kept", kept, "does a good version need longer to connect? Then a longer --trial", ("FOTA undone",)),
    Stage("FOTA by stream", streamed, "is streams/* in the certificate's policy?", ("FOTA undone",)),
)
HOUR = Stage("an hour's heap", hour, "does it grow in each hour? Then it is a leak: send the report", ("connect",))
QUALIFY = Stage("Device Advisor", qualify, "the logs in CloudWatch say more", ("connect",))


def _figures(event: Json) -> Json:
    return {key: value for key, value in event.items() if key != "event"}


def _steady(text: str, found: Json) -> Outcome:
    if found["grown_bytes"] > _KEPT_BYTES:
        raise ToolError(f"{text}: that is a leak of more than {_KEPT_BYTES} B")
    return text, found


def _driven(program: Program) -> Callable[[float], None]:
    """Reads what the program tells while something else is waited for."""

    def drive(seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            program.next(left)

    return drive


def _update(run: Run, program: Program, version: str, behaviour: str, stream: bool = False) -> tuple[str, Json, float]:
    """(status, details, seconds) of an update to the application with this version and behaviour."""
    start = time.monotonic()
    with run.lab.update(application(version, behaviour), stream) as job:
        return *run.lab.outcome(job, _JOB_S, _driven(program)), time.monotonic() - start
