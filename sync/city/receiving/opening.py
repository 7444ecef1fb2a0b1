"""What a stored batch holds: from sealed bytes to leaves, commands and verdicts.

Responsible for: opening the batches of one log in their order, checking that they give the roots
that were signed, and judging each record by itself. Rules: nothing here reads or writes the
archive; the signature was checked before the batch was stored and is not checked again; a batch
that cannot be read ends the opening, with everything before it good. It must not know when or why
something is opened.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from struct import Struct
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.city.archive.port import (
    Anchor,
    Boot,
    Command,
    Named,
    NoticeCode,
    Opening,
    OpeningWork,
    Replay,
    Replayed,
    StoredBatch,
    Unreadable,
    Verdict,
    VerdictCode,
)
from sync.city.trust.slip_keys import Word, read_word
from sync.city.vocabulary import CONTROL_KINDS, KNOWN_KINDS, read_attachment, read_fact
from sync.protocol import merkle
from sync.protocol.batch import SignedBatch, open_batch
from sync.protocol.batch_header import parse_header
from sync.protocol.control_records import Alert, TimeAnchor, parse_control_record
from sync.protocol.cose import split_first, unverified_payload
from sync.protocol.entries import Entry
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.heads import read_bytes
from sync.protocol.merkle import Frontier
from sync.protocol.record import EXT_ORIGIN, Kind, Record, parse_genesis

COMMAND_DIGEST_BYTES: Final = 16
"""Bytes that tell the content of one command from another's."""
_CONTENT: Final = Struct(">qqq?16s")

_NOTED: Final = frozenset({Kind.TIME_ANCHOR, Kind.ALERT})
_REPORTED: Final = {NoticeCode.LOST_ARCHIVED.value: NoticeCode.LOST_ARCHIVED}
"""The alerts of stations that become notices of the city."""


class BodyKeys(NamedTuple):
    """What opening a body takes: private keys by id, dictionaries by number."""

    find_encryption_key: Callable[[bytes], X25519PrivateKey | None]
    find_dictionary: Callable[[int], bytes | None]


class Heard(NamedTuple):
    """What good records of a station say beyond the register.

    `attachments` are those they speak of, by H(cipher); `slip_keys` what they say of its slip keys.
    """

    node_id: bytes
    attachments: Sequence[bytes]
    slip_keys: Sequence[Word]


NOTHING_HEARD: Final = Heard(b"", (), ())


class Opened(NamedTuple):
    """What became of some work: the part that is good, and where it could not be read."""

    opening: Opening | None
    unreadable: Unreadable | None
    heard: Heard = NOTHING_HEARD


class Reopened(NamedTuple):
    """What became of records whose kind was learnt since, and what they say."""

    replayed: Replayed
    heard: Heard


class _Findings:
    """What the records of one opening say, gathered while they are read."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.verdicts: list[Verdict] = []
        self.boot: Boot | None = None
        self.anchors: list[Anchor] = []
        self.alerts: list[NoticeCode] = []
        self.named: list[Named] = []
        self.slip_keys: list[Word] = []
        self.copies: list[Record] = []


def open_works(works: Iterable[OpeningWork], keys: BodyKeys) -> list[Opened]:
    """Open the batches of several logs."""
    return [open_work(work, keys) for work in works]


def open_work(work: OpeningWork, keys: BodyKeys) -> Opened:
    """Open the batches of one log as far as they can be read."""
    findings = _Findings()
    size, frontier = work.opened, work.frontier
    runs: list[tuple[int, bytes]] = []
    unreadable = None
    for batch in work.batches:
        try:
            entries, frontier = _open_next(batch, keys, size, frontier)
        except ProtocolError as error:
            unreadable = Unreadable(work.log, size, error.code.value, batch.number)
            break
        size = batch.end
        runs.append((batch.number, b"".join(entry.leaf for entry in entries)))
        judge(entries, batch.start, findings)
    if not runs:
        return Opened(None, unreadable)
    opening = Opening(
        log=work.log,
        before=work.opened,
        size=size,
        frontier=frontier,
        leaves=runs,
        commands=findings.commands,
        verdicts=findings.verdicts,
        boot=findings.boot,
        anchors=findings.anchors,
        alerts=findings.alerts,
        copies=findings.copies,
        named=findings.named,
    )
    return Opened(opening, unreadable, _heard(work.node_id, findings))


def open_replay(replay: Replay, keys: BodyKeys) -> Reopened:
    """Judge records of formerly unknown kinds again. Raises ProtocolError."""
    wanted = frozenset(replay.sequences)
    findings = _Findings()
    for entry in read_stored(replay.batch, keys):
        if entry.record is not None and entry.record.sequence in wanted:
            _judge_record(entry.record, findings)
    replayed = Replayed(
        replay.log, replay.sequences, findings.commands, findings.verdicts, findings.named
    )
    return Reopened(replayed, _heard(unpack(replay.batch.raw).header.node_id, findings))


def _heard(node_id: bytes, findings: _Findings) -> Heard:
    return Heard(node_id, [one.digest for one in findings.named], findings.slip_keys)


def read_stored(batch: StoredBatch, keys: BodyKeys) -> list[Entry]:
    """The batch's own entries, from `start` on. Raises ProtocolError."""
    signed = unpack(batch.raw)
    entries = open_batch(signed, **keys._asdict())
    return entries[batch.start - signed.header.first :]


def unpack(raw: bytes) -> SignedBatch:
    """The parts of a batch that was checked when it came; nobody asks for its kid again."""
    message, rest = split_first(raw)
    body, _ = read_bytes(rest, 0)
    return SignedBatch(parse_header(unverified_payload(message)), b"", body)


def _open_next(
    batch: StoredBatch, keys: BodyKeys, size: int, frontier: Frontier
) -> tuple[list[Entry], Frontier]:
    """The batch's own entries and the frontier after them. Raises ProtocolError."""
    signed = unpack(batch.raw)
    entries = open_batch(signed, **keys._asdict())[batch.start - signed.header.first :]
    after = merkle.extend(frontier, size, [entry.leaf for entry in entries])
    if merkle.root(after) != signed.header.root:
        raise ProtocolError(ProtocolErrorCode.ROOT_MISMATCH, "stored batch")
    return entries, after


def judge(entries: Sequence[Entry], start: int, findings: _Findings) -> None:
    """Note what each of the entries from position `start` on is by itself."""
    for position, entry in enumerate(entries, start):
        if entry.record is None:
            findings.verdicts.append(Verdict(position, VerdictCode.WITHHELD, None))
        else:
            _judge_record(entry.record, findings)
            if entry.record.ext is not None and EXT_ORIGIN in entry.record.ext:
                findings.copies.append(entry.record)


def _judge_record(record: Record, findings: _Findings) -> None:
    kind = record.kind
    if kind in CONTROL_KINDS:
        _judge_control(record, findings)
        return
    if kind not in KNOWN_KINDS:
        _set_aside(record, VerdictCode.UNKNOWN_KIND, findings)
        return
    fact = read_fact(record)
    if fact is None:
        _set_aside(record, VerdictCode.REJECTED, findings)
        return
    attachment = read_attachment(record)
    if attachment is not None:
        findings.named.append(Named(record.sequence, attachment))
    word = read_word(record)
    if word is not None:
        findings.slip_keys.append(word)
    findings.commands.append(
        Command(
            record.sequence,
            record.eid,
            command_digest(record),
            kind,
            record.subject,
            record.version,
            fact.dossier_no,
            fact.procedure_id,
            fact.state,
            None,
        )
    )


def command_digest(record: Record) -> bytes:
    """Equal for equal content (SPEC: content digest), wherever and whenever it was said.

    It stays inside the city, so it need not be the protocol's: BLAKE2b takes half the time.
    """
    _, kind, _, subject, version, _, content_type, body, _ = record
    key = _CONTENT.pack(kind, version, content_type, subject is None, subject or b"")
    return blake2b(body, digest_size=COMMAND_DIGEST_BYTES, key=key).digest()


def _set_aside(record: Record, code: VerdictCode, findings: _Findings) -> None:
    """A verdict; and a record with a subject still takes its place among the versions."""
    sequence, kind = record.sequence, record.kind
    findings.verdicts.append(Verdict(sequence, code, kind))
    if record.subject is not None:
        subject, version = record.subject, record.version
        findings.commands.append(
            Command(sequence, record.eid, b"", kind, subject, version, "", "", "", code)
        )


def _judge_control(record: Record, findings: _Findings) -> None:
    try:
        _note_control(record, findings)
    except ProtocolError:
        verdict = Verdict(record.sequence, VerdictCode.REJECTED, record.kind)
        findings.verdicts.append(verdict)


def _note_control(record: Record, findings: _Findings) -> None:
    if record.kind == Kind.GENESIS:
        genesis = parse_genesis(record)
        findings.boot = Boot(genesis.boot_id, genesis.hardware_id)
    elif record.kind in _NOTED:
        content = parse_control_record(record)
        if isinstance(content, TimeAnchor):
            city_time_ms, _, boot_id, sent_ms, received_ms = content
            anchor = Anchor(record.sequence, boot_id, city_time_ms, sent_ms, received_ms)
            findings.anchors.append(anchor)
        elif isinstance(content, Alert) and content.code in _REPORTED:
            findings.alerts.append(_REPORTED[content.code])
