"""Announcements: nobody waits, nobody misses a ring, a slow page is told to look anew."""

import asyncio

from edge_node.usecases.changes import MAXIMUM_WAITING_CHANGES, Bell, Changes


async def test_everybody_hears_a_change() -> None:
    changes = Changes()
    async with changes.subscribe() as first, changes.subscribe() as second:
        changes.announce("ticket", "1")
        assert first.get_nowait() == second.get_nowait()
    assert changes.listeners == 0
    changes.announce("ticket")


async def test_a_slow_page_is_told_to_look_anew() -> None:
    changes = Changes()
    async with changes.subscribe() as queue:
        for number in range(MAXIMUM_WAITING_CHANGES + 1):
            changes.announce("dossier", str(number))
        only = queue.get_nowait()
        assert only.topic == "resync"
        assert only.id == ""
        assert queue.empty()


async def test_a_ring_before_the_wait_is_not_missed() -> None:
    bell = Bell()
    seen = bell.rings
    bell.ring()
    async with asyncio.timeout(5):
        await bell.wait_beyond(seen, 3600)


async def test_a_wait_ends_by_ring_or_time() -> None:
    bell = Bell()
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(bell.wait_beyond(bell.rings, 3600))
        await asyncio.sleep(0)
        bell.ring()
        await waiting
    await bell.wait_beyond(bell.rings, 0.001)
