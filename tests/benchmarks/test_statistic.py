"""What the tables and goals make of the turns."""

from . import goals, peers
from .measurement import Column, Measurement, ratios

# the machine was half as fast in turn 1, and the other peer was disturbed in turn 2
_OURS = {0: {"us": 10}, 1: {"us": 20}, 2: {"us": 10}}
_THEIRS = {0: {"us": 8}, 1: {"us": 16}, 2: {"us": 20}}
_RESULTS = {("m", "mp32", "ours"): _OURS, ("m", "mp32", "floor"): _THEIRS}


def test_ratios_are_of_figures_of_one_turn():
    assert ratios(_OURS, _THEIRS, "us") == [1.25, 1.25, 0.5]


def test_a_turn_without_either_figure_has_no_ratio():
    assert ratios({0: {"us": 1}, 1: {}, 3: {"us": 3}}, {0: {"us": 0}, 1: {"us": 1}, 2: {"us": 1}}, "us") == []


def test_a_table_has_the_median_ratio_and_the_best_figure():
    table = Measurement("m", "title", "method", (Column("us", "us"),), None).table("mp32", _RESULTS)
    assert table[2:] == [f"| {peers.OURS.title} | 1.25 (10) |", f"| {peers.FLOOR.title} | 1.00 (8) |"]


def test_a_goal_of_two_peers_is_judged_by_the_ratio_and_tells_that_of_the_bests():
    ours = {turn: {"cpu_us": us} for turn, us in enumerate((10, 20, 10))}
    theirs = {turn: {"cpu_us": us} for turn, us in enumerate((10, 16, 8))}
    table = goals.table({("rounds", "mp32", "ours"): ours, ("rounds", "mp32", "nodelay"): theirs})
    assert any("| 1.25 x (limit 1.00) | **missed by 25.0%** |  |" in row for row in table)
    theirs[0]["cpu_us"] = 4
    table = goals.table({("rounds", "mp32", "ours"): ours, ("rounds", "mp32", "nodelay"): theirs})
    assert any("| 1.25 x (limit 1.00) | **missed by 25.0%** | 2.50 |" in row for row in table)


def test_cpython_and_stalling_peers_have_few_turns():
    found = Measurement("m", "", "", (), None, turns=30, stalling=(peers.UMQTT,))
    taken = [
        sum(found.takes(turn, runtime, peer) for turn in range(40))
        for runtime, peer in (("mp32", peers.OURS), ("mp32", peers.UMQTT), ("cpython", peers.OURS))
    ]
    assert taken == [30, 3, 3]
