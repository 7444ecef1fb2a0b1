"""What a person at the status page asks of the sync process."""

from edge_node.store import city_status
from edge_node.usecases import technician
from edge_node.usecases.station import Station
from tests.usecases.city_side import Daemon


async def asked(station: Station) -> city_status.Asked:
    found = await station.store.read(city_status.newest_request)
    assert found is not None
    return found


async def test_a_restored_node_does_not_ask_under_an_id_that_is_answered(
    station: Station, daemon: Daemon
) -> None:
    """The card came back from a backup: its table of requests is empty, the daemon's is not."""
    await daemon.run(
        "INSERT INTO request_answer (id, state, done, total, code, finished_wall_ms)"
        " VALUES (41, 'done', 1, 1, '', 1)"
    )
    await technician.ask_daemon(station, "stick_export")
    first = await asked(station)
    assert first.id == 42
    request = await technician.last_request(station)
    assert request is not None
    assert request.answer is None, "the answer to another request is not taken for this one's"
    await daemon.run(
        "INSERT INTO request_answer (id, state, done, total, code, finished_wall_ms)"
        " VALUES (42, 'done', 1, 1, '', 1)"
    )
    await technician.ask_daemon(station, "stick_import")
    assert (await asked(station)).id == 43
