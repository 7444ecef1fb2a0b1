"""What the city said, verified and kept.

Responsible for believing or refusing welcomes and receipts, and for storing what is believed in
sync.db. Rules: nothing is stored before the signature, the nonce or the batch, the log and the root
fit; a refused message changes nothing; `acked` falls only when a verified welcome says that the
city has less, so that the station says the truth. It must not know the network or the journal:
the station's own roots come in as arguments.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.daemon import statements
from sync.daemon.assemble import SealedBatch
from sync.daemon.events import Failure, LogReport, Notice, Refusal
from sync.daemon.statements import ContactChange, KnownCity, LogRow, Standing
from sync.database import Writer
from sync.protocol.cose import split_first
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.handshake import LogHead, LogState, Welcome, verify_welcome
from sync.protocol.heads import read_bytes
from sync.protocol.limits import MAXIMUM_RECEIPT_STATUSES
from sync.protocol.receipt import Receipt, RecordStatus, verify_receipt

_FORGERIES: Final = frozenset(
    {
        ProtocolErrorCode.BAD_SIGNATURE,
        ProtocolErrorCode.UNKNOWN_KEY,
        ProtocolErrorCode.NONCE_MISMATCH,
    }
)


class RefusedMessageError(Exception):
    """A message of the city's that is not believed; `detail` names the field."""

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(f"{failure}: {detail}")
        self.failure = failure
        self.detail = detail


class DisagreementError(Exception):
    """A verified receipt does not fit the station's log: the city must be greeted again."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class City(NamedTuple):
    """Whose word counts."""

    city_id: bytes
    find_key: Callable[[bytes], Ed25519PublicKey | None]


class Greeting(NamedTuple):
    """What was asked, to hold the welcome against it."""

    nonce: bytes
    logs: Sequence[LogHead]


class Moment(NamedTuple):
    """The station's wall clock at an answer (ms), for the contact row."""

    wall_ms: int


def read_welcome(city: City, message: bytes, greeting: Greeting) -> Welcome:
    """The welcome that answers `greeting`. Raises RefusedMessageError.

    Every log asked for is answered once and no other is; with equal or smaller size at the city
    the root still has to be compared (`compare`).
    """
    try:
        welcome = verify_welcome(message, city.find_key, greeting.nonce)
    except ProtocolError as error:
        raise _refusal(error) from None
    if welcome.city_id != city.city_id:
        raise RefusedMessageError(Failure.FORGED, "city id")
    asked = [log.lid for log in greeting.logs]
    if sorted(state.lid for state in welcome.logs) != sorted(asked):
        raise RefusedMessageError(Failure.BAD_ANSWER, "logs of the welcome")
    return welcome


def compare(
    welcome: Welcome, greeting: Greeting, own_roots: Mapping[bytes, bytes]
) -> tuple[LogReport, ...]:
    """One report per log, in the order asked; `own_roots` are at the smaller of the two sizes."""
    states = {state.lid: state for state in welcome.logs}
    return tuple(
        LogReport(
            lid=log.lid,
            own_size=log.size,
            city_size=states[log.lid].size,
            applied=states[log.lid].applied,
            agrees=own_roots[log.lid] == states[log.lid].root,
        )
        for log in greeting.logs
    )


def read_receipt(city: City, message: bytes, batch: SealedBatch, nonce: bytes) -> Receipt:
    """The receipt for `batch`, sent in the session of `nonce`.

    Raises RefusedMessageError for anything but the city's answer to these very bytes, and
    DisagreementError when the city truly answers but has another history of the log.
    """
    try:
        receipt = verify_receipt(message, city.find_key)
    except ProtocolError as error:
        raise _refusal(error) from None
    _check_answers(city, receipt, batch, nonce)
    if receipt.size != batch.end:
        # More than was sent: another copy of this card, or a city we do not understand.
        raise DisagreementError(Refusal.GAP)
    if receipt.root != batch.root:
        raise DisagreementError(Refusal.FORK)
    return receipt


def _check_answers(city: City, receipt: Receipt, batch: SealedBatch, nonce: bytes) -> None:
    if receipt.city_id != city.city_id:
        raise RefusedMessageError(Failure.FORGED, "city id")
    if receipt.nonce is not None and receipt.nonce != nonce:
        raise RefusedMessageError(Failure.FORGED, "nonce of the receipt")
    if receipt.lid != batch.lid or receipt.size < batch.end:
        raise RefusedMessageError(Failure.FORGED, "receipt of another batch")
    reference = receipt.batch
    if reference is None:
        raise RefusedMessageError(Failure.FORGED, "receipt without its batch")
    sent = (batch.first, batch.records, body_digest(batch.data))
    # Sealing is randomised: the digest makes a receipt worthless for any other sending.
    if (reference.first, reference.count, reference.body_digest) != sent:
        raise RefusedMessageError(Failure.FORGED, "receipt of another batch")


def body_digest(batch: bytes) -> bytes:
    """SHA-256 of the body of a batch's bytes."""
    _, rest = split_first(batch)
    return sha256(read_bytes(rest, 0)[0]).digest()


def status_code(number: int) -> str:
    """A record status as the station stores it; numbers of a newer city stay visible."""
    try:
        return RecordStatus(number).name.lower()
    except ValueError:
        return f"code_{number}"


def _refusal(error: ProtocolError) -> RefusedMessageError:
    failure = Failure.FORGED if error.code in _FORGERIES else Failure.BAD_ANSWER
    return RefusedMessageError(failure, str(error.code))


class Mailbox:
    """The daemon's memory in sync.db."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def store_welcome(
        self, welcome: Welcome, reports: Sequence[LogReport], moment: Moment
    ) -> bool:
        """Keep what a verified welcome says; whether the city was restored since last seen."""
        states = {state.lid: state for state in welcome.logs}

        def store(connection: sqlite3.Connection) -> bool:
            for report in reports:
                _store_state(connection, states[report.lid], report)
            known = statements.known_city(connection)
            now = KnownCity(welcome.city_id, welcome.generation, welcome.receipt_number)
            statements.set_city(connection, now)
            statements.change_contact(connection, _success(welcome.city_time_ms, moment))
            return known is not None and _was_restored(known, now)

        return await self._writer.transact(store)

    async def store_receipt(
        self, receipt: Receipt, message: bytes, batch: SealedBatch, moment: Moment
    ) -> None:
        """Keep a verified receipt and what it proves. Raises DisagreementError when it is old."""

        def store(connection: sqlite3.Connection) -> None:
            _check_order(connection, receipt)
            lid, size = receipt.lid, receipt.size
            statements.add_receipt(connection, lid, size, receipt.city_time_ms, message)
            number = receipt.receipt_number
            row = LogRow(lid, size, receipt.archived, receipt.applied, number)
            statements.raise_log(connection, row)
            statements.set_statuses(connection, lid, _coded(receipt.statuses))
            change = _success(receipt.city_time_ms, moment)._replace(
                last_receipt_wall_ms=moment.wall_ms,
                sent_records=batch.records,
                sent_bytes=len(batch.data),
            )
            statements.change_contact(connection, change)

        await self._writer.transact(store)

    async def store_standing(
        self, standing: Standing | None, attempt_wall_ms: int | None = None
    ) -> None:
        """Say how the dealings with the city stand, and when the last attempt was."""

        def store(connection: sqlite3.Connection) -> None:
            if standing is not None:
                statements.set_standing(connection, standing)
            if attempt_wall_ms is not None:
                change = ContactChange(last_attempt_wall_ms=attempt_wall_ms)
                statements.change_contact(connection, change)

        await self._writer.transact(store)

    @property
    def broken(self) -> bool:
        """Whether sync.db failed in a way that only opening it anew can mend."""
        return self._writer.broken.is_set()

    async def store_notice(self, notice: Notice, moment: Moment) -> None:
        """Keep what a person must be told about a log."""
        sizes = (notice.own_size, notice.city_size)
        await self._writer.transact(
            lambda connection: statements.set_notice(
                connection, notice.lid, notice.kind, sizes, moment.wall_ms
            )
        )


def _store_state(connection: sqlite3.Connection, state: LogState, report: LogReport) -> None:
    # Of a forked log nobody can say which records the city has: they count as at the station.
    acked = min(report.own_size, state.size) if report.agrees else 0
    archived, applied = min(state.archived, acked), min(state.applied, acked)
    statements.replace_log(connection, LogRow(state.lid, acked, archived, applied, None))
    if len(state.statuses) < MAXIMUM_RECEIPT_STATUSES:  # a full list may not be the whole one
        statements.clear_statuses(connection, state.lid)
    if report.agrees:
        statements.set_statuses(connection, state.lid, _coded(state.statuses))


def _check_order(connection: sqlite3.Connection, receipt: Receipt) -> None:
    known = statements.known_city(connection)
    if known is not None and known.generation != receipt.generation:
        raise DisagreementError(Refusal.GAP)  # restored between greeting and batch
    row = statements.log_row(connection, receipt.lid)
    if row is not None and receipt.size < row.acked:
        raise DisagreementError(Refusal.GAP)


def _was_restored(known: KnownCity, now: KnownCity) -> bool:
    same = (known.city_id, known.generation) == (now.city_id, now.generation)
    return not same or now.receipt_number < known.receipt_number


def _success(city_time_ms: int, moment: Moment) -> ContactChange:
    return ContactChange(
        last_attempt_wall_ms=moment.wall_ms,
        last_success_wall_ms=moment.wall_ms,
        city_time_ms=city_time_ms,
    )


def _coded(statuses: Sequence[tuple[int, int]]) -> list[tuple[int, str]]:
    return [(sequence, status_code(number)) for sequence, number in statuses]
