"""The rules of an audit: whether what a city has of its stations is what they signed, whole.

Responsible for: one log after another, batch after batch in the order of the export; the tree of
logs; what the manifest, receipts and an older export say of the same logs. Pure: values in,
findings out. Rules: after a bad batch the audit goes on behind it, so that one fault is one
finding as far as possible; what needs open bodies is counted as unchecked while they are closed.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from sync.city.audit.trust import Signer, Trust
from sync.city.audit.values import Finding, LogVerdict, Rule
from sync.city.backup.form import BatchRow, LogMark, Manifest
from sync.protocol.batch import SignedBatch, parse_batch
from sync.protocol.batch_header import BatchHeader, LogDescription
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.merkle import EMPTY_ROOT
from sync.protocol.receipt import Receipt, verify_receipt
from sync.protocol.record import Parent
from sync.protocol.revocation import covers

LATE_MS: Final = 24 * 3600 * 1000
"""So long the end of a log may be on its way, and a receipted batch may wait to be opened."""

_RULES: Final = {
    ProtocolErrorCode.UNKNOWN_KEY: Rule.SIGNER,
    ProtocolErrorCode.BAD_SIGNATURE: Rule.SIGNATURE,
    ProtocolErrorCode.DIGEST_MISMATCH: Rule.BODY,
    ProtocolErrorCode.LOG_ID_MISMATCH: Rule.LOG_ID,
}


@dataclass(slots=True)
class Log:
    """A log as far as it was read. `roots` are those at the ends of batches, by size.

    `unchecked` are roots before a batch that lie inside an earlier one.
    """

    lid: bytes
    node_id: bytes = b""
    station: int = 0
    size: int = 0
    batches: int = 0
    description: LogDescription | None = None
    first_received_ms: int = 0
    unchecked: int = 0
    roots: dict[int, bytes] = field(default_factory=lambda: {0: EMPTY_ROOT})
    findings: list[Finding] = field(default_factory=list)

    def find(self, rule: Rule, position: int | None, detail: str = "") -> None:
        """Note that a rule does not hold here."""
        self.findings.append(Finding(rule, self.lid, position, detail))

    def verdict(self) -> LogVerdict:
        """What was found, when all was read."""
        lane, number = None, None
        if self.description is not None:
            lane, number = self.description.lane, self.description.number
        root = self.roots.get(self.size, b"")
        return LogVerdict(
            *(self.lid, self.node_id, self.station, lane, number, self.batches, self.size, root),
            tuple(self.findings),
        )


def follow(
    log: Log, row: BatchRow, trust: Trust, released: Collection[bytes]
) -> SignedBatch | None:
    """Put the next batch of a log behind the ones before; the batch when it may be opened.

    `released` are SHA-256 of batches that a person let go from quarantine.
    """
    log.batches += 1
    signed = _parse(log, row, trust)
    if signed is None:
        log.size = max(log.size, row.end)
        return None
    header = signed.header
    _check_owner(log, header, trust.signers[signed.kid])
    _check_place(log, row, header)
    _check_standing(log, row, signed, trust, released)
    if header.description is not None and log.description is None:
        log.description, log.first_received_ms = header.description, row.received_ms
    log.size = max(log.size, row.end)
    log.roots[row.end] = header.root
    return signed


def _parse(log: Log, row: BatchRow, trust: Trust) -> SignedBatch | None:
    try:
        return parse_batch(row.raw, trust.find_key)
    except ProtocolError as error:
        log.find(_RULES.get(error.code, Rule.FORM), row.start, error.code.value)
        return None


def _check_owner(log: Log, header: BatchHeader, signer: Signer) -> None:
    if (header.node_id, header.station) != (signer.node_id, signer.station):
        log.find(Rule.STATION, header.first)
    if not log.node_id:
        log.node_id, log.station = header.node_id, header.station
    elif (header.node_id, header.station) != (log.node_id, log.station):
        log.find(Rule.STATION, header.first)


def _check_place(log: Log, row: BatchRow, header: BatchHeader) -> None:
    named = (header.lid, header.first + header.count)
    if named != (row.lid, row.end) or not header.first <= row.start < row.end:
        log.find(Rule.RANGE, row.start)
    if row.start > log.size:
        log.find(Rule.GAP, log.size, f"{row.start - log.size} records")
    elif row.start < log.size:
        log.find(Rule.TWICE, row.start)
    before = log.roots.get(header.first)
    if before is None:
        # Behind a bad batch the root is not known either; that one is named already.
        log.unchecked += header.first < row.start
    elif before != header.previous_root:
        log.find(Rule.ROOT, header.first)


def _check_standing(
    log: Log, row: BatchRow, signed: SignedBatch, trust: Trust, released: Collection[bytes]
) -> None:
    """A key that had ended when the batch came; the time is the city's own word."""
    header = signed.header
    covering = [
        one
        for one in trust.revocations.get(signed.kid, ())
        if covers(one, header.lid, header.first, header.count)
    ]
    end_ms = trust.signers[signed.kid].not_after_ms
    expired = end_ms is not None and end_ms <= row.received_ms
    revoked = any(one.at_ms <= row.received_ms for one in covering)
    if (expired or revoked) and sha256(row.raw).digest() in released:
        log.find(Rule.RELEASED, row.start)
    elif revoked:
        log.find(Rule.REVOKED, row.start)
    elif expired:
        log.find(Rule.EXPIRED, row.start)
    elif covering:
        log.find(Rule.REVOKED_LATER, row.start)


def check_manifest(
    logs: Mapping[bytes, Log], manifest: Manifest, marks: Iterable[LogMark]
) -> list[Finding]:
    """That every log is as long, and whose, as its mark says."""
    missing = []
    marked = {mark.lid: mark for mark in marks}
    for lid, mark in marked.items():
        log = logs.get(lid)
        if log is None:
            missing.append(Finding(Rule.GAP, lid, 0, f"{mark.size} records"))
        elif log.size < mark.size:
            log.find(Rule.GAP, log.size, f"{mark.size - log.size} records")
        elif (log.node_id, log.station) != (mark.node_id, mark.station) and log.node_id:
            log.find(Rule.STATION, 0)
        elif (log.size, log.roots.get(log.size, mark.root)) != (mark.size, mark.root):
            log.find(Rule.MANIFEST, mark.size)
    for lid, log in logs.items():
        if lid not in marked:
            log.find(Rule.MANIFEST, 0, f"backup {manifest.number}")
    return missing


def check_tree(logs: Mapping[bytes, Log], made_ms: int) -> int:
    """The parents that logs name; how many roots could not be compared."""
    seen: set[tuple[bytes, bytes | None, int]] = set()
    unchecked = 0
    for log in sorted(logs.values(), key=lambda one: one.first_received_ms):
        if log.description is None:
            continue
        parent = log.description.parent
        place = (log.node_id, parent and parent.lid, log.description.lane)
        if place in seen:
            log.find(Rule.BRANCH, 0)
        seen.add(place)
        if parent is not None:
            held = logs.get(parent.lid) or Log(parent.lid)
            unchecked += _check_parent(log, parent, held, made_ms)
    return unchecked


def _check_parent(log: Log, parent: Parent, held: Log, made_ms: int) -> int:
    if held.size < parent.size:
        late = made_ms - log.first_received_ms > LATE_MS
        log.find(Rule.MISSING_TAIL if late else Rule.WAITING, 0, parent.lid.hex())
        return 0
    if held.size > parent.size:
        log.find(Rule.ROLLBACK, 0, f"{held.size - parent.size} records")
    root = held.roots.get(parent.size)
    if root is not None and root != parent.root:
        log.find(Rule.PARENT, 0, parent.lid.hex())
    return int(root is None)


def read_receipt(message: bytes, trust: Trust) -> Receipt | Finding:
    """The receipt, or why it proves nothing."""
    try:
        receipt = verify_receipt(message, trust.find_receipt_key)
    except ProtocolError as error:
        return Finding(Rule.RECEIPT, detail=error.code.value)
    if receipt.city_id != trust.keyset.city_id:
        return Finding(Rule.RECEIPT, receipt.lid, receipt.size, "another city")
    return receipt


def check_receipt(log: Log | None, receipt: Receipt, made_ms: int) -> tuple[Finding | None, bool]:
    """What is wrong with a receipt, and whether its root could be compared.

    `log` is None when the export has nothing of it.
    """
    size = log.size if log else 0
    if receipt.size > size:
        # What came shortly before the export may have been closed still, and is not in it.
        if receipt.archived > size or receipt.city_time_ms < made_ms - LATE_MS:
            detail = f"{receipt.size - size} records"
            return Finding(Rule.RECEIPT_MISSING, receipt.lid, size, detail), True
        return None, False
    root = log.roots.get(receipt.size) if log else EMPTY_ROOT
    if root is None:
        return None, False
    if root != receipt.root:
        return Finding(Rule.RECEIPT_ROOT, receipt.lid, receipt.size), True
    return None, True


def check_older(
    log: Log | None, lid: bytes, older: Mapping[int, bytes]
) -> tuple[list[Finding], int]:
    """That an older export's roots of a log are those of its beginning; how many are unchecked."""
    size, roots = (log.size, log.roots) if log else (0, {})
    highest = max(older, default=0)
    if highest > size:
        return [Finding(Rule.OLDER_SIZE, lid, size, f"{highest - size} records")], 0
    unchecked = sum(at not in roots for at in older)
    for at, root in sorted(older.items()):
        if roots.get(at, root) != root:
            return [Finding(Rule.OLDER_ROOT, lid, at)], unchecked
    return [], unchecked
