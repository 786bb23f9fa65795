"""What a run costs on AWS: counts that are estimated, times prices that were read.

AWS's pages fill in most prices by script. These stand in their worked examples, for the cheaper regions, as API
Evangelist's plans (github.com/api-evangelist) transcribed them on the day named. The free tier is not taken off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .run import Run

READ = "2026-09-20"
_CORE = "https://aws.amazon.com/iot-core/pricing/"
_MANAGEMENT = "https://aws.amazon.com/iot-device-management/pricing/"
# what: (US dollars, for how many, the page that it was read from)
PRICES = {
    "minutes connected": (0.08, 1_000_000, _CORE),
    "messages": (1.00, 1_000_000, _CORE),
    "shadow and registry operations": (1.25, 1_000_000, _CORE),
    "job executions": (0.003, 1, _MANAGEMENT),
}
_UNREAD = {
    "S3": "a dozen requests and 30 KB for some minutes: less than $0.01, a guess: its page could not be read",
    "Device Advisor": f"NOT in the sum: its price could not be read; {_CORE} tells it",
}


def counts(run: Run) -> dict[str, int]:
    """How much of each a run uses: {what: number}, estimated from what its stages do."""
    qualification = 60 if run.qualification else 0  # eleven tests of five minutes at most
    return {
        "minutes connected": 15 + run.minutes + qualification,
        # desired, delta, report, and the device's PUBACK of the delta; the rest of the stages; samples
        "messages": 4 * run.rounds + 600 + 6 * run.minutes + 10 * qualification,
        "shadow and registry operations": 2 * run.rounds + 60,
        "job executions": 6,
    }


def told(run: Run) -> tuple[float, list[str]]:
    """(US dollars, lines that say what of)."""
    total, lines = 0.0, []
    for what, number in counts(run).items():
        dollars, each, page = PRICES[what]
        cost = number * dollars / each
        total += cost
        lines.append(f"  {number} {what}: ${cost:.4f} (${dollars} for {each:,}; {page})")
    lines.append(f"  S3: {_UNREAD['S3']}")
    if run.qualification:
        lines.append(f"  Device Advisor: {_UNREAD['Device Advisor']}")
    return total, lines


def sentence(run: Run) -> str:
    """What a person is asked to agree to."""
    total, lines = told(run)
    more = " and what Device Advisor takes" if run.qualification else ""
    head = f"It costs about ${total:.2f}{more} (numbers estimated, prices read on {READ}, free tier not taken off):"
    return "\n".join([head, *lines])
