"""Behaviours of every archive: a dossier's whole life as a real station tells it."""

import tempfile
from pathlib import Path

import msgspec

from edge_node.store.unit_of_work import Connection
from sync.protocol.record import FIRST_DOMAIN_KIND, Record, decode_record
from tests.city.archive_bench import Bench
from tests.city.station import SimulatedStation
from tests.usecases.life import live
from tests.web.station import TestClock, open_station


async def lived() -> list[Record]:
    """What a station journals of one dossier, from the kiosk to the citizen's hands."""

    def ask(connection: Connection) -> list[Record]:
        rows = connection.execute(
            "SELECT raw FROM record WHERE subject IS NOT NULL ORDER BY position"
        )
        found = [decode_record(row[0]) for row in rows]
        return [record for record in found if record.kind >= FIRST_DOMAIN_KIND]

    clock = TestClock()
    with tempfile.TemporaryDirectory() as folder:
        async with open_station(Path(folder), clock) as station:
            await live(station, clock)
            return await station.store.read(ask)


async def a_whole_life_reaches_the_register_step_by_step(bench: Bench) -> None:
    station = SimulatedStation()
    seen: list[str] = []
    for record in await lived():
        assert record.subject is not None
        station.append(
            record.kind,
            eid=record.eid,
            subject=record.subject,
            version=record.version,
            body=record.body,
        )
        await bench.offer(station, 0 if not seen else station.log.size - 1)
        await bench.open_all()
        found = await bench.archive.follow(record.subject)
        assert found is not None
        told = msgspec.json.decode(record.body, type=dict[str, object]).get("state", "submitted")
        assert (found.state, found.behind) == (told, 0)
        seen.append(found.state)
    assert seen[-1] == "handed_over"
    assert {"paused", "supplement_requested", "in_process", "finished"} <= set(seen)
    assert set(await bench.statuses()) == {"entered"}


BEHAVIOURS = [a_whole_life_reaches_the_register_step_by_step]
