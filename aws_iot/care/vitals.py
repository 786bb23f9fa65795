"""What a board reports of itself. Lent for each report."""

import gc

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_CAUSE_CHARS = const(200)
# https://docs.micropython.org/en/latest/library/machine.html#machine-constants
_RESETS = ("PWRON_RESET", "HARD_RESET", "WDT_RESET", "DEEPSLEEP_RESET", "SOFT_RESET")
_WORDS = ("power on", "hard reset", "watchdog", "deep sleep", "soft reset")


def report(health, anew):
    """Report; ``anew``: on a new connection, also what stays until the next reset. What is not known is None, and so
    goes out of the shadow."""
    shadow = health.shadow
    client = shadow.client
    gc.collect()
    cause = client.cause
    told = {
        "uptime_s": health.uptime_s,
        "heap_free": gc.mem_free() if hasattr(gc, "mem_free") else None,  # not on CPython
        "rssi": rssi(),
        "queue": len(client.kept),
        "connects": client.stats["connects"],
        "errors": client.stats["errors"],
        "cause": cause and cause[:_CAUSE_CHARS],
    }
    if anew:
        told["version"] = health.version
        told["reset"] = reset()
        for name in ("resets", "crashes", "crash"):
            told[name] = health.note.get(name)
    shadow.report(told)


def reset():
    """Why the board began anew, in words; None where it does not tell."""
    try:
        import machine

        cause = machine.reset_cause()
    except (ImportError, AttributeError):
        return None
    for name, words in zip(_RESETS, _WORDS):
        if getattr(machine, name, None) == cause:
            return words
    return str(cause)


def rssi():
    """The signal of the Wi-Fi in dBm; None without one."""
    try:
        import network

        station = network.WLAN(network.STA_IF)
        return station.status("rssi") if station.isconnected() else None
    except (ImportError, AttributeError, TypeError, ValueError, OSError):
        return None
