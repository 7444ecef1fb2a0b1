"""The audit: a good history passes, every change of it is found and named."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.city.audit.shell import Export, Question, audit
from sync.city.audit.values import NOTES, Rule
from sync.city.audit.words import (
    AUDIT_LANGUAGES,
    encode_report,
    read_audit_texts,
    say_report,
)
from sync.city.backup.form import ShelfRow, write_manifest
from sync.protocol.record import Parent
from tests.city.audit_places import (
    MADE_MS,
    Paper,
    PaperCity,
    body_offset,
    flip,
    rules,
    three_logs,
)
from tests.city.station import SimulatedStation

DAY_MS = 24 * 3600 * 1000


@pytest.mark.parametrize("opened", [False, True])
def test_a_good_history_of_three_logs_passes(opened: bool) -> None:  # noqa: FBT001 - parametrised
    paper, (first, _) = three_logs()
    receipts = [paper.city.receipt(first.logs[0], size) for size in (3, 7, 10)]
    report = paper.audit(opened=opened, receipts=receipts)
    assert report.is_good
    assert report.findings == []
    assert (len(report.logs), report.records, report.receipts) == (3, 26, 3)
    assert [log.batches for log in report.logs] == [3, 2, 2]
    assert report.effects == (23 if opened else None)
    assert report.unchecked == 0


def test_with_one_station_asked_for_the_others_stay_unread(tmp_path: Path) -> None:
    paper, (first, second) = three_logs()
    paper.change(5, lambda data: flip(data, 3000))
    paper.write(tmp_path)
    foreign = [paper.city.receipt(second.log, 4)]
    question = Question(Export(tmp_path), paper.city.root_hash, first.code, None, foreign)
    report = audit(question, lambda _done, _total: None)
    assert report.is_good
    assert {log.station for log in report.logs} == {first.code}
    other = audit(question._replace(station=second.code), lambda _done, _total: None)
    assert not other.is_good


def _exchange_body(data: bytes) -> bytes:
    return flip(data, body_offset(data) * 8 + 40)


def _flip_header(data: bytes) -> bytes:
    return flip(data, 60 * 8)


@pytest.mark.parametrize(
    ("change", "rule"),
    [(_flip_header, Rule.SIGNATURE), (_exchange_body, Rule.BODY), (lambda _: b"\x00", Rule.FORM)],
)
def test_a_flipped_bit_names_its_place(change: Callable[[bytes], bytes], rule: Rule) -> None:
    paper, (first, _) = three_logs()
    paper.change(1, change)
    report = paper.audit()
    (finding,) = report.findings
    assert (finding.rule, finding.lid, finding.position) == (rule, first.logs[0].lid, 3)
    assert [log.is_good for log in report.logs] == [False, True, True]
    assert report.unchecked == 0


def test_a_missing_batch_is_a_gap_where_it_was() -> None:
    paper, (first, _) = three_logs()
    del paper.batches[1]
    finding = paper.audit().findings[0]
    assert (finding.rule, finding.lid, finding.position) == (Rule.GAP, first.logs[0].lid, 3)


def test_a_missing_end_a_missing_log_and_a_log_too_many() -> None:
    paper, (_, second) = three_logs()
    last = paper.batches.pop()
    assert rules(paper.audit()) == {Rule.GAP}
    paper.batches.pop()
    finding = paper.audit().findings[0]
    assert (finding.rule, finding.lid, finding.position) == (Rule.GAP, second.log.lid, 0)
    paper, _ = three_logs()
    del paper.marks[last.lid]
    assert Rule.MANIFEST in rules(paper.audit())


def test_batches_out_of_order_and_twice() -> None:
    paper, _ = three_logs()
    paper.batches[0], paper.batches[1] = paper.batches[1], paper.batches[0]
    assert {Rule.GAP, Rule.TWICE} <= rules(paper.audit())
    paper, _ = three_logs()
    paper.batches.insert(1, paper.batches[0])
    assert rules(paper.audit()) == {Rule.TWICE}


def test_segments_in_another_order(tmp_path: Path) -> None:
    paper, _ = three_logs()
    manifest = paper.write(tmp_path)
    one, two, *rest = manifest.segments
    swapped = manifest._replace(number=manifest.number + 1, segments=(two, one, *rest))
    write_manifest(tmp_path, swapped)
    assert {Rule.GAP, Rule.TWICE} <= rules(paper.ask(tmp_path))


def test_a_damaged_and_a_missing_file(tmp_path: Path) -> None:
    paper, _ = three_logs()
    manifest = paper.write(tmp_path)
    path = tmp_path / manifest.segments[0].name
    path.write_bytes(flip(path.read_bytes(), 500))
    report = paper.ask(tmp_path)
    assert (report.findings[0].rule, report.findings[0].detail) == (Rule.FILE, path.name)
    path.unlink()
    assert Rule.FILE in rules(paper.ask(tmp_path))


def test_a_row_that_says_other_than_its_header() -> None:
    for change in ({"end": 4}, {"start": 2}, {"lid": b"l" * 16}):
        paper, _ = three_logs()
        paper.batches[1] = paper.batches[1]._replace(**change)
        assert Rule.RANGE in rules(paper.audit()), change


def test_a_row_of_another_form_is_a_damaged_file() -> None:
    paper, _ = three_logs()
    paper.batches[1] = paper.batches[1]._replace(start=b"3")  # type: ignore[arg-type]  # on purpose
    assert Rule.FILE in rules(paper.audit())


def test_a_batch_of_a_station_that_is_not_the_signers() -> None:
    paper, (first, second) = three_logs()
    second.node_id = first.node_id
    paper.batches[:] = paper.batches[:5]
    paper.add_log(second, second.log, [])
    assert Rule.STATION in rules(paper.audit())


def test_a_mark_that_gives_a_log_to_another_station() -> None:
    paper, (first, second) = three_logs()
    lid = first.logs[0].lid
    paper.marks[lid] = paper.marks[lid]._replace(node_id=second.node_id, station=second.code)
    assert rules(paper.audit()) == {Rule.STATION}


def test_another_history_in_the_middle() -> None:
    """The station itself signed both: only the roots tell them apart."""
    paper, (first, _) = three_logs()
    log = first.logs[0]
    other = log.copy()
    del other.raws[3:], other.leaves[3:]
    for _ in range(7):
        first.append(log=other)
    data = first.batch(paper.city.encryption.public_key(), 3, 4, log=other)
    paper.change(1, lambda _: data)
    finding = paper.audit().findings[0]
    assert (finding.rule, finding.position) == (Rule.ROOT, 7)


def test_records_that_do_not_give_the_signed_root() -> None:
    paper, (first, _) = three_logs()
    log = first.logs[0]
    lying = log.copy()
    lying.raws[4] = log.raws[4].replace(b"dossier.submitted", b"dossier.submittex")
    data = first.batch(paper.city.encryption.public_key(), 3, 4, log=lying)
    paper.change(1, lambda _: data)
    assert paper.audit().is_good
    finding = paper.audit(opened=True).findings[0]
    assert (finding.rule, finding.lid, finding.position) == (Rule.LEAVES, log.lid, 3)


def test_a_body_that_the_city_cannot_open() -> None:
    paper, (first, _) = three_logs()
    stranger = PaperCity(20).encryption.public_key()
    paper.change(1, lambda _: first.batch(stranger, 3, 4, log=first.logs[0]))
    assert paper.audit().is_good
    assert Rule.UNREADABLE in rules(paper.audit(opened=True))


def test_a_genesis_that_says_other_than_the_header() -> None:
    paper, (first, _) = three_logs()
    log = first.logs[1]
    assert log.parent is not None
    log.parent = Parent(log.parent.lid, 3, first.logs[0].root(3))
    paper.batches[3] = paper.batches[3]._replace(
        raw=first.batch(paper.city.encryption.public_key(), 0, 2, log=log)
    )
    assert Rule.GENESIS in rules(paper.audit(opened=True))


def test_an_overlap_that_agrees_and_one_that_does_not() -> None:
    paper, (first, _) = three_logs()
    log = first.logs[0]
    del paper.batches[1]
    paper.add_batch(first, log, 1, 7, own=3)
    paper.batches.insert(1, paper.batches.pop())
    closed, opened = paper.audit(), paper.audit(opened=True)
    assert (closed.is_good, closed.unchecked) == (True, 1)
    assert (opened.is_good, opened.unchecked) == (True, 0)
    lying = log.copy()
    lying.raws[1] = log.raws[2].replace(b"\x88\x02", b"\x88\x01", 1)
    data = first.batch(paper.city.encryption.public_key(), 1, 6, log=lying)
    paper.change(1, lambda _: data)
    assert Rule.LEAVES in rules(paper.audit(opened=True))


def test_effects_are_counted_once_and_compared() -> None:
    paper, _ = three_logs()
    paper.effects += 1
    assert rules(paper.audit(opened=True)) == {Rule.EFFECTS}
    twice = SimulatedStation(5, code=26562)
    record = twice.append()
    twice.append(eid=record.eid, subject=record.subject, body=record.body)
    twice.append(eid=record.eid, subject=record.subject, body=b"{}")
    paper.add_station(twice)
    paper.add_log(twice, twice.log, [])
    report = paper.audit(opened=True)
    assert report.is_good
    assert (rules(report), report.effects) == ({Rule.CONFLICT}, 24)


def _with_parent(size: int, root_at: int | None, lid: bytes = b"") -> Paper:
    """Three logs of which the second names this parent; None is a root of nothing known."""
    paper, (first, _) = three_logs()
    old, new = first.logs
    root = b"r" * 32 if root_at is None else old.root(root_at)
    new.parent = Parent(lid or old.lid, size, root)
    paper.batches[3:5] = []
    paper.add_log(first, new, [])
    paper.batches.insert(3, paper.batches.pop())
    return paper


@pytest.mark.parametrize(
    ("paper", "rule"),
    [
        (_with_parent(7, 7), Rule.ROLLBACK),
        (_with_parent(10, 7), Rule.PARENT),
        (_with_parent(11, None), Rule.WAITING),
        (_with_parent(3, None, b"u" * 16), Rule.WAITING),
    ],
)
def test_the_tree_of_logs(paper: Paper, rule: Rule) -> None:
    assert rules(paper.audit()) == {rule}
    assert paper.audit().is_good is (rule is not Rule.PARENT)
    paper.batches[3] = paper.batches[3]._replace(received_ms=MADE_MS - DAY_MS - 1)
    assert rules(paper.audit()) == {Rule.MISSING_TAIL if rule is Rule.WAITING else rule}


@pytest.mark.parametrize(("root_at", "good"), [(5, True), (4, False)])
def test_a_parent_inside_a_batch_is_compared_with_the_bodies_open(
    root_at: int,
    good: bool,  # noqa: FBT001 - parametrised
) -> None:
    paper = _with_parent(5, root_at)
    closed = paper.audit()
    assert (closed.is_good, closed.unchecked) == (True, 1)
    opened = paper.audit(opened=True)
    assert (Rule.PARENT not in rules(opened), opened.unchecked) == (good, 0)


def test_two_logs_on_one_parent_are_a_branch() -> None:
    paper, (first, _) = three_logs()
    branch = first.open_log(first.logs[1].parent)
    paper.add_log(first, branch, [])
    report = paper.audit()
    assert report.is_good
    (finding,) = report.findings
    assert (finding.rule, finding.lid) == (Rule.BRANCH, branch.lid)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_single_change_of_any_history_is_found(data: st.DataObject) -> None:
    paper, logs = _random_history(data)
    assert paper.audit(opened=True).is_good
    receipts = [paper.city.receipt(log, log.size, archived=log.size) for log in logs]
    _mutate(data, paper)
    report = paper.audit(opened=True, receipts=receipts)
    assert not report.is_good


def _random_history(data: st.DataObject) -> tuple[Paper, list]:  # type: ignore[type-arg]
    paper = Paper()
    paper.add_keyset()
    logs = []
    for seed in range(data.draw(st.integers(1, 2), "stations")):
        station = SimulatedStation(seed + 1, code=26560 + seed)
        paper.add_station(station)
        for number in range(data.draw(st.integers(1, 2), "logs")):
            if number:
                station.open_log()
            station.append_many(data.draw(st.integers(0, 5), "records"))
        for log in station.logs:
            cuts = data.draw(
                st.sets(st.integers(1, log.size - 1)) if log.size > 1 else st.just(set())
            )
            paper.add_log(station, log, sorted(cuts))
            paper.effects += log.size - 1
            logs.append(log)
    return paper, logs


def _mutate(data: st.DataObject, paper: Paper) -> None:
    index = data.draw(st.integers(0, len(paper.batches) - 1), "batch")
    row = paper.batches[index]
    what = data.draw(st.sampled_from(["flip", "remove", "twice", "back", "trust", "position"]))
    if what == "flip":
        bit = data.draw(st.integers(0, len(row.raw) * 8 - 1), "bit")
        paper.batches[index] = row._replace(raw=flip(row.raw, bit))
    elif what == "remove":
        del paper.batches[index]
    elif what == "twice":
        paper.batches.insert(index, row)
    elif what == "back":
        # The last batch of a log before all of it; of one batch alone it is a missing one.
        last = max(at for at, one in enumerate(paper.batches) if one.lid == row.lid)
        moved = paper.batches.pop(last)
        paper.batches[:0] = [moved] if moved.start else []
    elif what == "trust":
        # Behind the certificate there is a name for people, which nobody signs.
        place = data.draw(st.integers(0, 1), "row")
        shelf = paper.state[place]
        assert isinstance(shelf, ShelfRow)
        bit = data.draw(st.integers(0, 150 * 8), "bit")
        paper.state[place] = shelf._replace(content=flip(shelf.content, bit))
    else:
        paper.batches[index] = row._replace(end=row.end + 1)


@pytest.mark.parametrize("language", AUDIT_LANGUAGES)
def test_every_rule_has_a_sentence(language: str) -> None:
    texts = read_audit_texts(language)
    assert texts.keys() == read_audit_texts("en").keys()
    assert {f"rule_{rule.value}" for rule in Rule} <= texts.keys()


def test_the_verdict_is_in_plain_words_and_in_json() -> None:
    paper, (first, _) = three_logs()
    texts = read_audit_texts("en")
    good = list(say_report(paper.audit(), texts))
    assert sum(line.startswith("GOOD  station") for line in good) == 3
    assert good[-1].startswith("GOOD: backup")
    paper.change(1, _flip_header)
    report = paper.audit()
    bad = "\n".join(say_report(report, texts))
    place = f"at log {first.logs[0].lid.hex()[:16]}… position 3"
    assert f"FINDING signature {place}" in bad
    assert "NOT PROVEN" in bad
    decoded = msgspec.json.decode(encode_report(report))
    assert (decoded["good"], len(decoded["logs"])) == (False, 3)
    assert decoded["findings"][0]["rule"] == "signature"
    assert NOTES.isdisjoint({Rule.GAP, Rule.ROOT})
