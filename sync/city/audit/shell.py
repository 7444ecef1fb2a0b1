"""An audit at work: reads an export, receipts and an older export, and asks the rules.

Responsible for files only: a backup folder is the export, receipts are files from a stick or a
station's sync.db. Rules: no server, no network and, with the bodies closed, no key; one segment in
memory at a time; a file that is not what the manifest says is a finding, and the audit goes on.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from sync.city.audit.bodies import Bodies
from sync.city.audit.check import (
    Log,
    check_manifest,
    check_older,
    check_receipt,
    check_tree,
    follow,
    read_receipt,
)
from sync.city.audit.trust import Trust, build_trust
from sync.city.audit.values import Finding, Report, Rule
from sync.city.backup.form import (
    ApartRow,
    BackupError,
    BackupFault,
    BatchRow,
    LogMark,
    Manifest,
    Row,
    ShelfRow,
    decode_rows,
    find_manifest,
    read_segment,
)
from sync.city.receiving.opening import BodyKeys, unpack
from sync.database import open_reader
from sync.protocol.errors import ProtocolError
from sync.protocol.limits import MAXIMUM_CONTROL_BYTES
from sync.protocol.receipt import Receipt

RECEIPT_SUFFIX: Final = ".wsr"

Progress = Callable[[int, int], None]
"""Bytes read so far, bytes in all."""


class Export(NamedTuple):
    """A backup folder, and which backup in it; None is the newest."""

    folder: Path
    number: int | None = None


class Question(NamedTuple):
    """What is audited, and with what. `keys` None leaves the bodies closed."""

    export: Export
    pinned_root: bytes
    station: int | None = None
    keys: BodyKeys | None = None
    receipts: Sequence[bytes] = ()
    older: Export | None = None


def audit(question: Question, progress: Progress) -> Report:
    """Everything that can be said about an export. Raises BackupError, OSError."""
    manifest = _manifest(question.export)
    work = _Audit(question, manifest)
    if work.trust is not None:
        work.read_batches(work.trust, progress)
        work.compare(work.trust)
    return work.report()


def read_receipts(path: Path) -> list[bytes]:
    """The receipts in a folder (files of a stick, at any depth) or in a station's sync.db.

    Raises DatabaseError, OSError.
    """
    if path.is_file():
        return asyncio.run(_read_database(path))
    if not path.is_dir():
        raise FileNotFoundError(f"{path}: neither a folder nor a file")
    return [
        file.read_bytes()
        for file in sorted(path.rglob(f"*{RECEIPT_SUFFIX}"))
        if not file.is_symlink() and file.is_file() and _is_small(file)
    ]


class _Audit:
    """The work of one audit."""

    def __init__(self, question: Question, manifest: Manifest) -> None:
        self._question = question
        self._manifest = manifest
        self._marks = [mark for mark in manifest.logs if question.station in {None, mark.station}]
        self._wanted = {mark.lid for mark in self._marks}
        self._findings: list[Finding] = []
        self._logs: dict[bytes, Log] = {}
        self._released: set[bytes] = set()
        self._bodies = Bodies(question.keys) if question.keys else None
        self._receipts = self._unchecked = 0
        self.trust = self._read_state()

    def read_batches(self, trust: Trust, progress: Progress) -> None:
        """Follow every log."""
        total = sum(segment.size_bytes for segment in self._manifest.segments)
        done = 0
        for segment in self._manifest.segments:
            rows = () if segment.state else self._rows(segment.name)
            for row in rows:
                if isinstance(row, BatchRow) and self._is_wanted(row.lid):
                    self._follow(row, trust)
            done += segment.size_bytes
            progress(done, total)

    def compare(self, trust: Trust) -> None:
        """Compare the logs with the manifest, with each other, receipts and the older export."""
        made_ms = self._manifest.made_ms
        receipts = self._read_receipts(trust)
        older = {} if self._question.older is None else _boundaries(self._question.older)
        self._fill_roots(receipts, older)
        self._findings += check_manifest(self._logs, self._manifest, self._marks)
        self._unchecked += check_tree(self._logs, made_ms)
        for receipt in receipts:
            log = self._logs.get(receipt.lid)
            finding, compared = check_receipt(log, receipt, made_ms)
            self._note(log, [finding] if finding else [])
            self._receipts += compared
        for lid, roots in older.items():
            if self._is_wanted(lid):
                findings, unchecked = check_older(self._logs.get(lid), lid, roots)
                self._note(self._logs.get(lid), findings)
                self._unchecked += unchecked
        if self._bodies is not None:
            self._bodies.note_withheld()
        self._check_effects()

    def report(self) -> Report:
        """What was found."""
        logs = [log.verdict() for log in self._logs.values()]
        findings = [*self._findings, *(one for log in logs for one in log.findings)]
        return Report(
            city_id=self._manifest.city_id,
            number=self._manifest.number,
            made_ms=self._manifest.made_ms,
            keyset_version=self.trust.keyset.version if self.trust else None,
            opened=self._bodies is not None,
            logs=sorted(logs, key=lambda log: (log.station, log.number or 0, log.lid)),
            findings=findings,
            receipts=self._receipts,
            unchecked=self._unchecked + sum(log.unchecked for log in self._logs.values()),
            effects=self._bodies.effects if self._bodies else None,
        )

    def _read_state(self) -> Trust | None:
        shelf: list[ShelfRow] = []
        for segment in self._manifest.segments:
            for row in self._rows(segment.name) if segment.state else ():
                if isinstance(row, ShelfRow):
                    shelf.append(row)
                elif isinstance(row, ApartRow) and row.released_ms is not None:
                    self._released.add(sha256(row.raw).digest())
        trust, findings = build_trust(shelf, self._question.pinned_root)
        self._findings += findings
        if trust is not None and trust.keyset.city_id != self._manifest.city_id:
            self._findings.append(Finding(Rule.MANIFEST, detail="city"))
        return trust

    def _rows(self, name: str) -> Iterator[Row]:
        """The rows of a segment as far as they can be read."""
        segment = next(one for one in self._manifest.segments if one.name == name)
        try:
            for row in decode_rows(read_segment(self._question.export.folder, segment)):
                if not _is_formed(row):
                    self._findings.append(Finding(Rule.FILE, detail=name))
                    return
                yield row
        except BackupError:
            self._findings.append(Finding(Rule.FILE, detail=name))

    def _follow(self, row: BatchRow, trust: Trust) -> None:
        log = self._logs.setdefault(row.lid, Log(row.lid))
        signed = follow(log, row, trust, self._released)
        if signed is not None and self._bodies is not None:
            self._bodies.open(log, row, signed)

    def _read_receipts(self, trust: Trust) -> list[Receipt]:
        found = []
        every = {mark.lid for mark in self._manifest.logs}
        for message in self._question.receipts:
            receipt = read_receipt(message, trust)
            if isinstance(receipt, Finding):
                self._findings.append(receipt)
            # With one station asked for, a receipt of another one's log is nobody's affair.
            elif self._is_wanted(receipt.lid) or receipt.lid not in every:
                found.append(receipt)
        return found

    def _fill_roots(
        self, receipts: Sequence[Receipt], older: dict[bytes, dict[int, bytes]]
    ) -> None:
        if self._bodies is None:
            return
        wanted: dict[bytes, set[int]] = {lid: set(roots) for lid, roots in older.items()}
        for receipt in receipts:
            wanted.setdefault(receipt.lid, set()).add(receipt.size)
        for log in self._logs.values():
            if log.description is not None and log.description.parent is not None:
                parent = log.description.parent
                wanted.setdefault(parent.lid, set()).add(parent.size)
        for lid, sizes in wanted.items():
            if lid in self._logs:
                self._bodies.fill_roots(self._logs[lid], sizes)

    def _check_effects(self) -> None:
        """The register counts all stations together: a part of them says nothing about the sum."""
        if self._bodies is None or self._question.station is not None:
            return
        if any(not log.verdict().is_good for log in self._logs.values()):
            return
        low, high = self._manifest.effects
        if not low <= self._bodies.effects <= high:
            detail = f"{self._bodies.effects}, not {low} to {high}"
            self._findings.append(Finding(Rule.EFFECTS, detail=detail))

    def _note(self, log: Log | None, findings: Sequence[Finding]) -> None:
        (self._findings if log is None else log.findings).extend(findings)

    def _is_wanted(self, lid: bytes) -> bool:
        return self._question.station is None or lid in self._wanted


def _manifest(export: Export) -> Manifest:
    manifest = find_manifest(export.folder, export.number)
    if manifest is None:
        raise BackupError(BackupFault.MISSING, str(export.folder))
    if not all(_is_mark(mark) for mark in manifest.logs):
        raise BackupError(BackupFault.DAMAGED, f"manifest {manifest.number}")
    return manifest


def _boundaries(export: Export) -> dict[bytes, dict[int, bytes]]:
    """The roots at the ends of batches in an older export. Raises BackupError."""
    manifest = _manifest(export)
    found: dict[bytes, dict[int, bytes]] = {
        mark.lid: {mark.size: mark.root} for mark in manifest.logs
    }
    for segment in manifest.segments:
        if segment.state:
            continue
        for row in decode_rows(read_segment(export.folder, segment)):
            if isinstance(row, BatchRow) and _is_formed(row):
                # A batch that is no batch is the affair of that export's own audit.
                with suppress(ProtocolError):
                    found.setdefault(row.lid, {})[row.end] = unpack(row.raw).header.root
    return found


def _is_formed(row: Row) -> bool:
    """Whether the fields have their types: nothing in an export is believed."""
    if isinstance(row, BatchRow):
        return _are(bytes, row.lid, row.raw) and _are(int, row.start, row.end, row.received_ms)
    if isinstance(row, ShelfRow):
        return _are(str, row.folder, row.name) and _are(bytes, row.content)
    return not isinstance(row, ApartRow) or _are(bytes, row.raw)


def _is_mark(mark: LogMark) -> bool:
    return _are(bytes, mark.lid, mark.node_id, mark.root) and _are(int, mark.station, mark.size)


def _are(kind: type, *values: object) -> bool:
    return all(isinstance(value, kind) for value in values)


def _is_small(file: Path) -> bool:
    return file.stat().st_size <= MAXIMUM_CONTROL_BYTES


async def _read_database(path: Path) -> list[bytes]:
    async with open_reader(path) as reader:
        found = await reader.query(_select_receipts)
    if found is None:
        raise FileNotFoundError(f"{path}: no station's sync.db")
    return found


def _select_receipts(connection: sqlite3.Connection) -> list[bytes] | None:
    """The receipts; None in a database that has no such table."""
    tables = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'receipt'"
    if not connection.execute(tables).fetchone()[0]:
        return None
    return [bytes(cose) for (cose,) in connection.execute("SELECT cose FROM receipt")]
