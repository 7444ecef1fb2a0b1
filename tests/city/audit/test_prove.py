"""Proofs for outsiders: one event of one dossier, checked with the city's roots alone."""

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.city.archive.overview import open_exporter
from sync.city.archive.sqlite import open_archive
from sync.city.audit.evidence import (
    MAXIMUM_PROOF_BYTES,
    Proof,
    check_proof,
    find_pinned_key,
    make_receipt,
    pack_proof,
    read_proof,
)
from sync.city.audit.find import ProveError, ProveFault, find_event, read_leaves
from sync.city.audit.words import AUDIT_LANGUAGES, read_audit_texts
from sync.city.receiving.opening import BodyKeys
from sync.dictionary import DICTIONARIES
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.keyset import keys_by_id, root_hash
from tests.city.archive_bench import KEYS, Bench
from tests.city.audit_places import PaperCity, flip, raw
from tests.city.backup_places import Place, in_postgres, in_sqlite
from tests.city.commands.test_command_line import edge_city
from tests.city.server import TestCity, running_city
from tests.city.station import SimulatedStation

CITY = PaperCity()
NUMBER = "T26560-TEST-00003-0"
NUMBER_OF_OWN = "T26560-TEST-99999-0"


def _proof(station: SimulatedStation, sequence: int) -> Proof:
    log = station.log
    receipt = make_receipt((CITY.city_id, log.lid), log.leaves, sequence, CITY.receipt_key)
    return Proof(receipt, log.raws[sequence], CITY.message())


@given(size=st.integers(1, 40), data=st.data())
def test_every_record_of_a_log_can_be_proven(size: int, data: st.DataObject) -> None:
    station = SimulatedStation()
    station.append_many(size)
    sequence = data.draw(st.integers(0, size))
    proof = read_proof(pack_proof(_proof(station, sequence)))
    city_id, find_key = find_pinned_key(proof.keyset, CITY.root_hash)
    inclusion, record = check_proof(proof, find_key, city_id)
    assert (inclusion.lid, inclusion.size, inclusion.sequence) == (
        station.log.lid,
        size + 1,
        sequence,
    )
    assert record.sequence == sequence


@given(bit=st.integers(0, 8 * 10_000))
def test_no_bit_of_it_can_be_changed(bit: int) -> None:
    station = SimulatedStation()
    station.append_many(5)
    proof = _proof(station, 3)
    data = pack_proof(proof)
    changed = flip(data, bit)
    try:
        read = read_proof(changed)
        city_id, find_key = find_pinned_key(read.keyset, CITY.root_hash)
        check_proof(read, find_key, city_id)
    except ProtocolError:
        return
    pytest.fail("accepted")


def test_keys_of_others_and_records_of_others_prove_nothing() -> None:
    station = SimulatedStation()
    station.append_many(5)
    proof = _proof(station, 3)
    with pytest.raises(ProtocolError) as caught:
        find_pinned_key(proof.keyset, PaperCity(20).root_hash)
    assert caught.value.code is ProtocolErrorCode.WRONG_ROOT
    with pytest.raises(ProtocolError) as caught:
        check_proof(proof, keys_by_id([raw(PaperCity(20).receipt_key)]))
    assert caught.value.code is ProtocolErrorCode.UNKNOWN_KEY
    find_key = keys_by_id([raw(CITY.receipt_key)])
    with pytest.raises(ProtocolError) as caught:
        check_proof(proof._replace(record=station.log.raws[2]), find_key)
    assert caught.value.code is ProtocolErrorCode.BAD_SIGNATURE
    with pytest.raises(ProtocolError) as caught:
        check_proof(proof, find_key, b"ANOTHERS")
    assert caught.value.code is ProtocolErrorCode.CITY_MISMATCH
    for data in (b"\xa0", b"\x80", b"", bytes(MAXIMUM_PROOF_BYTES + 1)):
        with pytest.raises(ProtocolError):
            read_proof(data)


def _keys(city: TestCity) -> BodyKeys:
    return BodyKeys(city.identity.find_encryption_key, DICTIONARIES.get)


async def _fault(city: TestCity, number: str, event: int, station: int | None = None) -> ProveFault:
    async with open_exporter(city.settings.database_path) as exporter:
        with pytest.raises(ProveError) as caught:
            await find_event(exporter, _keys(city), (number, station), event, lambda _: None)
    return caught.value.fault


async def test_events_are_found_in_the_archive_of_a_running_city(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(6)
    number = "T26560-TEST-77777-0"
    first = msgspec.json.encode({"type": "dossier.submitted", "dossier_no": number})
    dossier = station.append(body=first)
    station.append(kind=17, subject=dossier.subject, version=2, body=b'{"type":"received"}')
    station.append(eid=dossier.eid, subject=dossier.subject, body=first)
    station.open_log()
    station.append(kind=18, subject=dossier.subject, version=3, body=b'{"type":"asked"}')
    looked: list[int] = []
    async with running_city(tmp_path) as city:
        await city.enrol(station)
        for log in station.logs:
            city.receipt(await city.send(station, log=log))
        await city.until_entered(station)
        find_key = keys_by_id([city.identity.receipt_public])
        for event, place in {1: (0, 7), 2: (0, 8), 3: (1, 1)}.items():
            async with open_exporter(city.settings.database_path) as exporter:
                found = await find_event(
                    exporter, _keys(city), (number, None), event, looked.append
                )
            log = station.logs[place[0]]
            assert (found.lid, found.sequence) == (log.lid, place[1])
            leaves = await read_leaves(city.server.archive, found)
            receipt = make_receipt(
                (city.identity.city_id, log.lid), leaves, found.sequence, city.identity.receipt_key
            )
            proof = Proof(receipt, found.raw, b"")
            assert check_proof(proof, find_key).record.version == event
            with pytest.raises(ProveError):
                await read_leaves(city.server.archive, found._replace(raw=b"other"))
        assert looked
        assert await _fault(city, "T26560-NOTHING", 1) is ProveFault.UNKNOWN_DOSSIER
        assert await _fault(city, number, 4) is ProveFault.UNKNOWN_EVENT
        assert await _fault(city, number, 1, 26561) is ProveFault.UNKNOWN_DOSSIER


async def test_what_is_not_opened_yet_cannot_be_proven(tmp_path: Path) -> None:
    station = SimulatedStation()
    station.append_many(4)
    path = tmp_path / "city.db"
    async with open_archive(path) as archive, open_exporter(path) as exporter:
        bench = Bench(archive, exporter)
        await bench.offer(station)
        with pytest.raises(ProveError) as caught:
            await find_event(exporter, KEYS, (NUMBER, None), 1, lambda _: None)
        assert caught.value.fault is ProveFault.NOT_OPENED
        await bench.open_all()
        event = await find_event(exporter, KEYS, (NUMBER, None), 1, lambda _: None)
        assert await read_leaves(archive, event) == station.log.leaves


@pytest.fixture(params=["sqlite", "postgres"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with in_postgres() if request.param == "postgres" else in_sqlite(tmp_path) as place:
        yield place


async def test_an_event_is_proven_from_either_database_in_one_pass(place: Place) -> None:
    """Of its own station only, once, and no further than the event."""
    bench, own, looked = place.bench, SimulatedStation(1), list[int]()
    for number, other in enumerate((SimulatedStation(2, 26559), SimulatedStation(3, 26561))):
        other.append_many(30 + number)
        await bench.offer(other)
    own.append_many(5)
    dossier = own.append(body=msgspec.json.encode({"dossier_no": NUMBER_OF_OWN}))
    own.append(17, subject=dossier.subject, version=2, body=b'{"state":"received"}')
    await bench.offer(own)
    late = own.open_log()
    own.append_many(40)
    await bench.offer(own, log=late)
    await bench.open_all()

    event = await find_event(bench.exporter, KEYS, (NUMBER_OF_OWN, None), 2, looked.append)
    log = own.logs[0]
    assert (event.lid, event.sequence, event.entered) == (log.lid, 7, True)
    assert looked == [log.size]
    leaves = await read_leaves(bench.archive, event)
    assert leaves == log.leaves
    receipt = make_receipt((CITY.city_id, log.lid), leaves, event.sequence, CITY.receipt_key)
    proven = check_proof(Proof(receipt, event.raw, b""), keys_by_id([raw(CITY.receipt_key)]))
    assert (proven.record.subject, proven.record.version) == (dossier.subject, 2)
    for station in (26559, 26561):
        with pytest.raises(ProveError) as caught:
            await find_event(bench.exporter, KEYS, (NUMBER_OF_OWN, station), 2, looked.append)
        assert caught.value.fault is ProveFault.UNKNOWN_DOSSIER


async def _filled(folder: Path) -> tuple[str, str]:
    """A city with one dossier, stopped; its configuration and its root hash."""
    station = SimulatedStation()
    station.append_many(4)
    async with running_city(folder) as city:
        await city.enrol(station)
        city.receipt(await city.send(station))
        await city.until_entered(station)
        pinned = root_hash(city.identity.keyset.keyset.root_keys).hex()
    path = folder / "city.toml"
    path.write_text('[city]\nname = "Thử"\nstate_directory = "city"\n', encoding="utf-8")
    return str(path), pinned


async def test_the_commands_of_an_operator_an_auditor_and_an_outsider(tmp_path: Path) -> None:
    config, pinned = await _filled(tmp_path)
    proof, backup = str(tmp_path / "proof.cbor"), str(tmp_path / "backup")
    made = edge_city("prove", "--config", config, "--dossier", NUMBER, "--output", proof)
    assert made.returncode == 0, made.stderr
    assert NUMBER in made.stdout
    good = edge_city("prove", "--check", proof, "--root-hash", pinned)
    assert (good.returncode, good.stdout.startswith("PROVEN")) == (0, True), good.stderr
    _says(edge_city("prove", "--check", proof), 2, "--root-hash")
    _says(edge_city("prove", "--check", proof, "--root-hash", "00" * 32), 5, "NOT PROVEN")
    _says(edge_city("prove", "--config", config), 2, "--dossier")
    missing = ("prove", "--config", config, "--dossier", "T-0", "--output", proof, "--lang", "vi")
    _says(edge_city(*missing), 2, "không có hồ sơ")
    assert edge_city("backup", "--config", config, "--to", backup).returncode == 0
    pins = ("audit", "--from", backup, "--root-hash", pinned)
    whole = edge_city(*pins, "--open", "--config", config)
    assert whole.returncode == 0, whole.stdout + whole.stderr
    assert "GOOD: backup" in whole.stdout
    _says(edge_city("audit", "--from", backup), 2, "--root-hash")
    _says(edge_city(*pins, "--open"), 2, "--config")
    _says(edge_city("audit", "--from", proof, "--root-hash", pinned), 2, "Not a directory")
    _says(edge_city("audit", "--from", config + "x", "--root-hash", pinned), 5, "no_backup")
    _damage(Path(backup))
    bad = edge_city(*pins, "--json")
    assert bad.returncode == 5
    assert msgspec.json.decode(bad.stdout)["findings"][0]["rule"] == "file"


def _damage(folder: Path) -> None:
    (segment, *_) = sorted(folder.glob("segment-*"))
    segment.write_bytes(flip(segment.read_bytes(), 4000))


def _says(done: subprocess.CompletedProcess[str], status: int, words: str) -> None:
    assert (done.returncode, words in done.stderr) == (status, True), done.stderr


@pytest.mark.parametrize("language", AUDIT_LANGUAGES)
def test_every_fault_has_a_sentence(language: str) -> None:
    texts = read_audit_texts(language)
    assert {f"prove_{fault.value}" for fault in ProveFault} <= texts.keys()
