"""Whom an audit believes, and what it compares with: keysets, certificates, receipts, exports."""

from pathlib import Path

import pytest

from sync.city.audit.shell import Export, Question, audit, read_receipts
from sync.city.audit.values import Rule
from sync.city.backup.form import ApartRow, ShelfRow
from sync.city.trust.keysets import KEYSETS
from sync.city.trust.stations import REVOCATIONS
from sync.protocol.cose import key_id
from sync.protocol.revocation import Revocation, sign_revocation
from tests.city.audit_places import (
    MADE_MS,
    Paper,
    PaperCity,
    rules,
    signing,
    three_logs,
)
from tests.city.station import SimulatedStation

DAY_MS = 24 * 3600 * 1000


def test_the_roots_must_be_the_pinned_ones(tmp_path: Path) -> None:
    paper, _ = three_logs()
    paper.write(tmp_path)
    question = Question(Export(tmp_path), PaperCity(20).root_hash)
    report = audit(question, lambda _done, _total: None)
    assert rules(report) == {Rule.ROOT_HASH}
    assert not report.is_good


def test_a_foreign_keyset_changes_nothing_and_is_told() -> None:
    for message in (PaperCity(20).message(2), PaperCity().message(2, 1), b"\x80"):
        paper, _ = three_logs()
        paper.add_keyset(message, 2)
        report = paper.audit()
        assert rules(report) == {Rule.KEYSET}
        assert report.keyset_version == 1


def test_a_keyset_before_the_pinned_one_is_passed_over() -> None:
    paper, _ = three_logs()
    paper.state = [row for row in paper.state if getattr(row, "folder", "") != KEYSETS]
    paper.add_keyset(PaperCity(20).message(1), 1)
    paper.add_keyset(None, 2)
    assert paper.audit().is_good


def test_certificates_of_another_authority_and_strangers() -> None:
    paper, (first, _) = three_logs()
    paper.state = []
    paper.add_keyset()
    paper.add_station(first, paper.city.certificate(first, signing(7)))
    report = paper.audit()
    assert rules(report) == {Rule.CERTIFICATE, Rule.SIGNER}
    paper.state.append(ShelfRow("stations", "x.cbor", b"\x00"))
    assert sum(one.rule is Rule.CERTIFICATE for one in paper.audit().findings) == 2


def test_a_certificate_that_had_ended() -> None:
    paper, (_, second) = three_logs()
    paper.state.pop()
    paper.add_station(second, paper.city.certificate(second, not_after_ms=MADE_MS - 1))
    assert rules(paper.audit()) == {Rule.EXPIRED}
    paper.state.pop()
    paper.add_station(second, paper.city.certificate(second, not_after_ms=MADE_MS))
    assert paper.audit().is_good


def _revoke(paper: Paper, station: SimulatedStation, size: int | None, at_ms: int) -> None:
    kid = key_id(station.signing_key.public_key())
    positions = None if size is None else ((station.log.lid, size),)
    revocation = Revocation(station.node_id, kid, positions, "stolen", at_ms)
    message = sign_revocation(revocation, paper.city.ca)
    paper.state.append(ShelfRow(REVOCATIONS, f"{at_ms}.cbor", message))


def test_revoked_keys_by_position_and_by_time() -> None:
    cases = {
        (10, MADE_MS - 2): set(),
        (4, MADE_MS - 2): {Rule.REVOKED},
        (None, MADE_MS - 2): {Rule.REVOKED},
        (None, MADE_MS): {Rule.REVOKED_LATER},
    }
    for (size, at_ms), expected in cases.items():
        paper, (_, second) = three_logs()
        _revoke(paper, second, size, at_ms)
        assert rules(paper.audit()) == expected, (size, at_ms)
    paper, _ = three_logs()
    paper.state.append(ShelfRow(REVOCATIONS, "y.cbor", b"\x00"))
    assert Rule.REVOCATION in rules(paper.audit())


def test_what_a_person_let_go_is_a_note() -> None:
    paper, (_, second) = three_logs()
    _revoke(paper, second, 4, MADE_MS - 2)
    row = paper.batches[-1]
    apart = ApartRow(
        *(second.node_id, second.code, row.lid, 4, 6, "revoked", MADE_MS - 1), MADE_MS, row.raw
    )
    paper.state.append(apart)
    assert rules(paper.audit()) == {Rule.RELEASED}
    paper.state[-1] = apart._replace(released_ms=None)
    assert rules(paper.audit()) == {Rule.REVOKED}


def test_receipts() -> None:
    paper, (first, _) = three_logs()
    log, city = first.logs[0], paper.city
    cases: list[tuple[bytes, set[Rule]]] = [
        (city.receipt(log, 7, log.root(3)), {Rule.RECEIPT_ROOT}),
        (PaperCity(20).receipt(log, 7), {Rule.RECEIPT}),
        (PaperCity(1, b"ANOTHERS").receipt(log, 7), {Rule.RECEIPT}),
        (b"\x00", {Rule.RECEIPT}),
        (city.receipt(log, 11, b"r" * 32), set()),
        (city.receipt(log, 11, b"r" * 32, archived=11), {Rule.RECEIPT_MISSING}),
        (
            city.receipt(log, 11, b"r" * 32, city_time_ms=MADE_MS - DAY_MS - 1),
            {Rule.RECEIPT_MISSING},
        ),
        (city.receipt(log, 5, log.root(4)), set()),
    ]
    for message, expected in cases:
        report = paper.audit(receipts=[message])
        assert rules(report) == expected
        assert report.is_good is not bool(expected)
    opened = paper.audit(opened=True, receipts=[city.receipt(log, 5, log.root(4))])
    assert rules(opened) == {Rule.RECEIPT_ROOT}
    stranger = SimulatedStation(8).log
    lost = city.receipt(stranger, 1, city_time_ms=MADE_MS - DAY_MS - 1)
    assert rules(paper.audit(receipts=[lost])) == {Rule.RECEIPT_MISSING}


def test_receipts_are_read_from_a_stick(tmp_path: Path) -> None:
    stick = tmp_path / "WES1" / "IN" / "station"
    stick.mkdir(parents=True)
    (stick / "aa-00000001.wsr").write_bytes(b"one")
    (stick / "aa-00000002.wsb").write_bytes(b"no receipt")
    (stick / "huge.wsr").write_bytes(bytes(300_000))
    (stick / "link.wsr").symlink_to("/etc/passwd")
    assert read_receipts(tmp_path) == [b"one"]
    with pytest.raises(FileNotFoundError):
        read_receipts(tmp_path / "nowhere")


def test_an_older_export_is_the_beginning_of_the_newer(tmp_path: Path) -> None:
    paper, (first, _) = three_logs()
    older, newer = tmp_path / "older", tmp_path / "newer"
    paper.write(older)
    log = first.logs[1]
    first.append_many(4)
    paper.add_batch(first, log, 6, 10)
    paper.marks[log.lid] = paper.marks[log.lid]._replace(size=10, root=log.root())
    paper.write(newer)
    question = Question(Export(newer), paper.city.root_hash, older=Export(older))
    assert audit(question, lambda _done, _total: None).is_good
    turned = Question(Export(older), paper.city.root_hash, older=Export(newer))
    assert rules(audit(turned, lambda _done, _total: None)) == {Rule.OLDER_SIZE}
    other, _ = three_logs()
    other.batches[3:5] = []
    del other.marks[log.lid]
    rewritten = first.open_log(log.parent)
    rewritten.identity = log.identity
    del rewritten.raws[:], rewritten.leaves[:]
    rewritten.raws += log.raws[:1]
    rewritten.leaves += log.leaves[:1]
    for _ in range(9):
        first.append(log=rewritten)
    other.add_log(first, rewritten, [2, 6])
    forged = tmp_path / "forged"
    other.write(forged)
    report = audit(question._replace(export=Export(forged)), lambda _done, _total: None)
    assert rules(report) == {Rule.OLDER_ROOT}
