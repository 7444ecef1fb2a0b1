"""Custody is what receipts prove; identity numbers leave masked; search ignores accents."""

from functools import partial
from importlib.resources import files
from pathlib import Path

import pytest

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.store.city import Held
from edge_node.store.unit_of_work import Connection
from edge_node.usecases import lookup, technician
from edge_node.usecases.lookup import custody_of
from edge_node.usecases.station import Station
from sync.database import open_writer
from tests.usecases.samples import submit


@pytest.mark.parametrize(
    ("held", "sequence", "custody"),
    [
        (None, 0, "station"),
        (Held(3, 0, 1), 3, "station"),
        (Held(3, 0, 1), 2, "city"),
        (Held(3, 0, 1), 1, "city"),
        (Held(3, 0, 1), 0, "entered"),
    ],
)
def test_custody(held: Held | None, sequence: int, custody: str) -> None:
    assert custody_of(held, sequence) == custody


def write_held(values: tuple[bytes, int, int], connection: Connection) -> None:
    connection.execute(
        "INSERT INTO log_state (lid, acked, archived, applied, receipt_number)"
        " VALUES (?, ?, 0, ?, 1) ON CONFLICT (lid) DO UPDATE SET"
        " acked = excluded.acked, applied = excluded.applied",
        values,
    )


async def test_custody_moves_with_what_the_daemon_wrote_down(
    station: Station, tmp_path: Path
) -> None:
    answer = await submit(station)
    lid = bytes.fromhex(answer.log.lid)
    assert (await technician.waiting_for_city(station)).events == 2

    async with open_writer(
        tmp_path / "sync.db", {"daemon": files("sync.daemon") / "migrations"}
    ) as daemon:
        for acked, applied, custody, waiting in ((2, 0, "city", 0), (2, 2, "entered", 0)):
            await daemon.transact(partial(write_held, (lid, acked, applied)))
            assert (await lookup.dossier(station, answer.dossier_no)).custody == custody
            assert (await technician.waiting_for_city(station)).events == waiting


async def test_a_dossier_is_found_by_number_id_name_and_identity(station: Station) -> None:
    answer = await submit(station)
    by_number = await lookup.dossier(station, answer.dossier_no.lower().replace("-", " "))
    by_id = await lookup.dossier(station, answer.dossier_id)
    assert by_number == by_id
    assert by_number.applicant.id_number_masked == "079•••••0017"
    for text in ("nguyen thi mau", "MẪU", "0017", answer.dossier_no[-7:]):
        assert [line.dossier_no for line in await lookup.find_dossiers(station, text)] == [
            answer.dossier_no
        ]
    for text in ("", "%", "_", "trần"):
        assert await lookup.find_dossiers(station, text) == []


@pytest.mark.parametrize("text", ["T26560-0000-00001-0", "f" * 32, "z" * 32])
async def test_what_is_not_there(station: Station, text: str) -> None:
    with pytest.raises(DomainError) as refused:
        await lookup.dossier(station, text)
    assert refused.value.code in {
        ErrorCode.DOSSIER_UNKNOWN,
        ErrorCode.DOSSIER_NUMBER_CHECK,
        ErrorCode.DOSSIER_NUMBER_FORM,
    }
