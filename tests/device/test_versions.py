"""aws_iot.fota.versions: one order for what people write, and no guess at what has no place in it."""

from samples import raises

from aws_iot.fota.versions import matches, newer, order

_RISING = (
    "0", "0.9", "1.0.dev1", "1.0a3", "1.0-beta", "1.0-rc1", "1.0rc2", "1.0-rc.10", "1.0", "1.0.post1", "v1.0.1",
    "1.1-preview.5.g1a2b3c", "1.1-preview.12.gabcdef1", "1.1", "1.1-1-gabcdef1", "v1.1-1-gabcdef1-dirty",
    "1.1-12-g0000000", "1.2-rc1", "1.2-rc1-3-g1a2b3c4", "1.2", "1.10", "2-beta", "2.0.0", "10", "2023.12.31",
    "2024-05-01", "2024-05-02-1-gabcdef1", "20240501",
)  # fmt: skip


def test_order():
    for index in range(len(_RISING) - 1):
        assert newer(_RISING[index + 1], _RISING[index]), _RISING[index]
        assert not newer(_RISING[index], _RISING[index + 1]), _RISING[index]


def test_the_same_said_in_another_way():
    for one, other in (
        ("1.0", "1"), ("v1.0", "1.0.0"), ("1.0+build", "1.0"), ("V1.0", "1.0"), ("1.0RC1", "1.0-rc.1"), (2, "2.0"),
        ("2024-05-01", "2024.5.1"), ("1.0-c1", "1.0rc1"), ("1.0+5", "1.0+6"), ("0.0", "0"),
    ):  # fmt: skip
        assert order(one) == order(other) and matches(one, other), one
    assert not matches("1.0", "1.0.1") and not matches("1.0", "nightly") and matches("nightly", "nightly")


def test_what_has_no_place_is_refused():
    for version in (
        "", "v", "main", "1.0k", "1.0-2", "1.0-1-2", "abcdef1", "g1a2b3c", "1.0-rc1-2", "1.0-rc1rc2", "1..2", "1.0 ",
        "rc1", "-1", "1.0-3-gxyz", "1,0", "1.0\u00b2", "\u0661", "1.0~rc1", "2024-05", "1-2-3", "1.0-final", None, 1.5j,
        65 * "1", "1.0-", "1.x", "+1", "1.0-g1a2b3c", "1.0-three-g1a2b3c", "1.0eta", "1.0view",
    ):  # fmt: skip
        error = str(raises(ValueError, order, version))
        assert "neither before nor after" in error, version
