"""Writes behind the conversation keep their order and lose no failure."""

import asyncio

import pytest

from sync.daemon.stores import Stores


async def test_writes_end_in_the_order_they_began_and_at_most_so_many_are_under_way() -> None:
    gates = [asyncio.Event() for _ in range(3)]
    done: list[int] = []

    async def write(number: int) -> None:
        await gates[number].wait()
        done.append(number)

    async with asyncio.TaskGroup() as group:
        stores = Stores(group)
        for number in range(3):
            stores.begin(write(number))
        gates[0].set()
        gates[1].set()
        await stores.settle(at_most=1)
        assert done == [0, 1]
        gates[2].set()
        await stores.settle()
    assert done == [0, 1, 2]


async def test_a_failed_write_is_raised_where_somebody_looks_and_ends_nothing_else() -> None:
    ended = []

    async def fail() -> None:
        raise OSError("disk")

    async def write() -> None:
        ended.append(1)

    async with asyncio.TaskGroup() as group:
        stores = Stores(group)
        stores.begin(fail())
        stores.begin(write())
        with pytest.raises(OSError, match="disk"):
            await stores.settle()
        await stores.settle()
    assert ended == [1]
