"""After an outage a fleet comes back spread out: simulated with the library's back-off and a seeded random."""

import random
from collections import Counter

from aws_iot.mqtt.ending import delay_ms


def arrivals(devices, outage_s, seed, attempt_ms=50):
    """Connection attempts per second, from the moment the cloud answers again, until each of `devices` is back. All
    lose their link at the same instant; a device's attempt fails after `attempt_ms` while the outage lasts."""
    chance, seconds = random.Random(seed), Counter()
    for _ in range(devices):
        at, attempt = 0, 0
        while True:
            at += delay_ms(attempt, chance.getrandbits(24)) + attempt_ms
            attempt += 1
            if at >= outage_s * 1000:
                seconds[int(at / 1000) - outage_s] += 1
                break
    return seconds


def test_no_second_sees_more_than_five_percent_of_a_thousand_devices():
    for outage_s in (60, 300, 3600):
        for seed in range(5):
            seconds = arrivals(1000, outage_s, seed)
            assert sum(seconds.values()) == 1000
            assert max(seconds.values()) <= 50, (outage_s, seed, seconds.most_common(3))
            assert max(seconds) <= 130, "every device is back about two minutes after the cloud"
