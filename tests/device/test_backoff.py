"""aws_iot.mqtt.ending: full jitter in a doubling window, over a floor."""

from aws_iot.mqtt.ending import delay_ms

_MAX = 0xFFFFFF


def test_windows():
    for attempt, window in ((0, 2000), (1, 4000), (2, 8000), (3, 16000), (4, 32000), (5, 64000), (6, 120000)):
        assert delay_ms(attempt, 0) == 1000  # AWS allows one CONNECT a second for each client id
        assert delay_ms(attempt, window - 1) == 1000 + window - 1
        assert delay_ms(attempt, window) == 1000


def test_bounds_for_any_attempt_and_number():
    number = 1
    for attempt in list(range(40)) + [1000, 1 << 29]:
        for _ in range(50):
            number = (number * 1103515245 + 12345) & _MAX
            assert 1000 <= delay_ms(attempt, number) < 121000


def test_a_thousand_devices_spread():
    # after an outage: by the sixth attempt no second has more than 5 % of them
    number, seconds = 7, {}
    for _ in range(1000):
        number = (number * 1103515245 + 12345) & 0x7FFFFFFF
        second = delay_ms(6, number >> 7) // 1000
        seconds[second] = seconds.get(second, 0) + 1
    assert max(seconds.values()) <= 50
    assert len(seconds) > 100
