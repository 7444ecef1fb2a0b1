"""Every part of the bench runs, with sizes that say nothing: that it works, not what it finds.

The ways that stand side by side are covered once each, not in every part.
"""

import io
import os
from collections.abc import Callable

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from tests.bench import __main__ as command
from tests.bench import disk, dossiers, growth, herd, idle, intake, latency, servers, sync
from tests.bench.figures import Report
from tests.bench.herd_stations import Herd
from tests.bench.line import Quality, relayed

SMALL = Herd(2, 110)
PARTS: dict[str, tuple[Callable[[Report], None], int]] = {
    "intake": (lambda report: intake.measure(report, 1, [4]), 2),
    "slow": (lambda report: intake.measure_slow(report, 1), 1),
    "sync": (lambda report: sync.measure(report, 220, 1), 4),
    "bad": (lambda report: sync.measure_bad(report, 60, 1, [sync.OURS, sync.FLOOR]), 1),
    "herd": (lambda report: herd.measure(report, SMALL, 1), 4),
    "postgres": (
        lambda report: herd.measure_postgres(report, SMALL, 1, list(herd.DATABASE_FORMS)[1:3]),
        1,
    ),
    "latency": (lambda report: latency.measure(report, 1), 2),
    "disk": (lambda report: disk.measure(report, 1), 1),
    "growth": (lambda report: growth.measure(report, 30), 3),
    "stored": (lambda report: growth.measure_stored(report, 200, 40, growth.Plan(1, 1)), 2),
    "idle": (lambda report: idle.measure(report, 1, 0.5), 2),
}


def _report() -> tuple[Report, io.StringIO]:
    said = io.StringIO()
    return Report(Console(file=said, width=command.WIDTH)), said


EVERYDAY = ("intake", "sync")
"""Parts that every test run measures once; all of them with WHOLE=1."""


@pytest.mark.journey
@pytest.mark.parametrize("name", PARTS if os.environ.get("WHOLE") else EVERYDAY)
def test_every_part_measures_and_judges(name: str) -> None:
    report, said = _report()
    part, goals = PARTS[name]
    part(report)
    assert not report.failures, said.getvalue()
    assert len(report.goals) == goals, said.getvalue()
    assert all(goal.value > 0 for goal in report.goals)


def test_every_part_of_the_command_is_tested() -> None:
    assert set(command.PARTS) == PARTS.keys() - {"stored"}


def test_a_part_that_fails_is_named_and_the_next_one_measured() -> None:
    report, said = _report()

    def fail() -> None:
        raise RuntimeError("on purpose")

    with report.part("first"):
        fail()
    report.bound("second", 1.0, 2.0)
    report.summarise()
    assert report.failures == ["first"]
    assert "on purpose" in said.getvalue()
    assert "1 of 1 goals met" in said.getvalue()


def test_goals_are_judged_on_the_right_side() -> None:
    report, _ = _report()
    report.at_least("fast enough", 90.0, ("other", 100.0), 0.8)
    report.at_least("too slow", 70.0, ("other", 100.0), 0.8)
    report.at_most("small enough", 110.0, ("other", 100.0), 1.15)
    report.at_most("too big", 120.0, ("other", 100.0), 1.15)
    assert [goal.met for goal in report.goals] == [True, False, True, False]


def test_an_unknown_part_is_refused() -> None:
    app = typer.Typer()
    app.command()(command.main)
    answer = CliRunner().invoke(app, ["--only", "everything"])
    assert answer.exit_code == 2


def test_the_same_number_gives_the_same_dossier_of_the_right_size() -> None:
    some = [dossiers.dossier(number) for number in range(200)]
    assert some == [dossiers.dossier(number) for number in range(200)]
    assert len(set(some)) == len(some)
    assert 2_100 < sum(map(len, some)) / len(some) < 2_500


@pytest.mark.journey
def test_a_relay_stands_in_where_namespaces_are_not_allowed() -> None:
    with relayed(Quality("near", 2.0, 0.0, 50.0)) as opened:
        assert "no root" in opened.kind
        assert opened.reach(servers.free_port()).startswith("127.0.0.1:")
        assert opened.up_bytes() == 0
