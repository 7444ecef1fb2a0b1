"""What a demonstration does about a process that ends, and what it says of it."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from edge_node.demo.deaths import MAXIMUM_QUICK_DEATHS, QUICK_LIFE_S, Deaths, Verdict
from edge_node.demo.processes import Change, Processes
from edge_node.demo.supervisor import in_words
from tests.journeys.station_day import free_port_base

KILLED = -signal.SIGKILL


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (KILLED, Verdict.AGAIN),
        (1, Verdict.AGAIN),
        (4, Verdict.AGAIN),
        (None, Verdict.AGAIN),
        (0, Verdict.ENDED),
        (2, Verdict.ENDED),
        (3, Verdict.ELSEWHERE),
    ],
)
def test_who_is_started_again(status: int | None, verdict: Verdict) -> None:
    """As the units say: on failure, but not when the configuration cannot be used."""
    assert Deaths().judge(status, 0.0) is verdict


def test_quick_deaths_in_a_row_end_it() -> None:
    deaths = Deaths()
    quick = QUICK_LIFE_S - 0.1
    for _ in range(MAXIMUM_QUICK_DEATHS - 1):
        assert deaths.judge(KILLED, quick) is Verdict.AGAIN
    assert deaths.judge(KILLED, QUICK_LIFE_S) is Verdict.AGAIN, "a life of its own: counted anew"
    for _ in range(MAXIMUM_QUICK_DEATHS - 1):
        assert deaths.judge(KILLED, quick) is Verdict.AGAIN
    assert deaths.judge(KILLED, quick) is Verdict.GIVEN_UP


@pytest.mark.parametrize("verdict", Verdict)
def test_every_end_has_words_in_both_languages(verdict: Verdict) -> None:
    said = in_words(Change("node", KILLED, verdict))
    assert said.startswith("node: ")
    assert " / " in said
    assert "{" not in said
    assert "running again" in in_words(Change("node", KILLED, Verdict.AGAIN, 7))


async def test_a_killed_process_runs_again_until_it_is_killed_too_often(tmp_path: Path) -> None:
    told: asyncio.Queue[Change] = asyncio.Queue()
    processes = Processes(tmp_path, pause_s=0.0)
    try:
        link, port = str(tmp_path / "scanner"), str(free_port_base())
        scanner = await processes.start(
            *("scanner", "hardware", "simulate-scanner", "--link", link, "--port", port)
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(processes.keep_running(told.put_nowait))
            pid = scanner.process.pid
            for _ in range(MAXIMUM_QUICK_DEATHS - 1):
                os.kill(pid, signal.SIGKILL)
                died = await told.get()
                assert died == Change("scanner", KILLED, Verdict.AGAIN)
                back = await told.get()
                assert back.pid is not None
                assert back.pid != pid
                assert processes.alive() == {"scanner": True}
                pid = back.pid
            os.kill(pid, signal.SIGKILL)
            # Nothing watches it any more, so the keeping has ended.
            assert await told.get() == Change("scanner", KILLED, Verdict.GIVEN_UP)
        assert (tmp_path / "scanner.before.log").exists()
    finally:
        await processes.stop_all()
