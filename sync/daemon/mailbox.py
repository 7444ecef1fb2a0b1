"""The daemon's memory: what the city said, verified, in sync.db.

Rules: only what `belief` let through is stored; `acked` falls only when a verified welcome says
that the city has less, so that the station says the truth; bytes set aside never count as
acknowledged. What belongs together is one transaction. It must not know the network.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sync.daemon import statements
from sync.daemon.assemble import SealedBatch
from sync.daemon.belief import DisagreementError
from sync.daemon.events import LogReport, Notice, NoticeKind, Refusal
from sync.daemon.figures import SyncFigures, sync_figures
from sync.daemon.statements import (
    Anchor,
    Aside,
    ContactChange,
    KnownCity,
    LogRow,
    Remembered,
    RequestAnswer,
    SightedCity,
    Standing,
)
from sync.daemon.tally import Tally
from sync.database import Writer
from sync.protocol.custody import Custody
from sync.protocol.handshake import LogState, Welcome
from sync.protocol.limits import MAXIMUM_RECEIPT_STATUSES
from sync.protocol.receipt import Receipt, status_code
from sync.protocol.session_extras import Notice as CityNotice

ANCHOR_INTERVAL_MS: Final = 3_600_000
"""One time anchor an hour: a clock that nobody sets drifts by a third of a second meanwhile."""

MAXIMUM_NOTICE_CODE: Final = 64

DAY_MS: Final = 86_400_000


class Moment(NamedTuple):
    """When an answer came, in ms: the wall clock, and the time since boot as it was asked and now.

    Also the bytes that went over the line since the last moment.
    """

    wall_ms: int
    boot_id: bytes = bytes(8)
    mono_sent: int = 0
    mono_received: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0


class Mailbox:
    """The daemon's memory in sync.db."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    @property
    def writer(self) -> Writer:
        """The one writer of sync.db, for those who keep something of their own in it."""
        return self._writer

    async def remembered(self, lids: Sequence[bytes]) -> Mapping[bytes, Remembered]:
        """What is known of these logs beside the city's next word."""
        return await self._writer.transact(
            lambda connection: {lid: statements.remembered(connection, lid) for lid in lids}
        )

    async def sighted(self) -> SightedCity:
        """When the city was last heard, and what it asks for."""
        return await self._writer.transact(statements.sighted_city)

    async def keysets(self) -> list[bytes]:
        """The keysets that were taken, oldest first."""
        return await self._writer.transact(statements.keysets)

    async def store_own_key(self, serial: int, kid: bytes) -> None:
        """Note the key that the station signs with from now on, by its certificate's number."""
        await self._writer.transact(
            lambda connection: statements.add_own_key(connection, serial, kid)
        )

    async def store_keyset(self, version: int, message: bytes) -> None:
        """Keep a keyset that enough roots signed."""
        await self._writer.transact(
            lambda connection: statements.add_keyset(connection, version, message)
        )

    async def store_welcome(
        self, welcome: Welcome, reports: Sequence[LogReport], moment: Moment
    ) -> bool:
        """Keep what a verified welcome says; whether the city was restored since last seen."""
        states = {state.lid: state for state in welcome.logs}
        city = KnownCity(welcome.city_id, welcome.generation, welcome.receipt_number)

        def store(connection: sqlite3.Connection) -> bool:
            for report in reports:
                _store_state(connection, states[report.lid], report)
            for notice in welcome.notices:
                _store_city_notice(connection, notice, moment)
            known = statements.known_city(connection)
            statements.set_city(connection, city)
            statements.set_sighted(connection, moment.boot_id, moment.mono_received)
            if welcome.policy is not None:
                statements.set_policy(connection, welcome.policy)
            statements.add_anchor(connection, _anchor(welcome, moment), ANCHOR_INTERVAL_MS)
            _count(connection, moment)
            statements.change_contact(connection, _success(welcome.city_time_ms, moment))
            return known is not None and _was_restored(known, city)

        return await self._writer.transact(store)

    async def store_receipt(
        self,
        receipt: Receipt,
        message: bytes,
        batch: SealedBatch,
        moment: Moment,
        tally: Tally | None = None,
    ) -> None:
        """Keep a verified receipt and what it proves. Raises DisagreementError when it is old."""
        lid, size = receipt.lid, receipt.size
        row = LogRow(lid, size, receipt.archived, receipt.applied, receipt.receipt_number)
        change = _success(receipt.city_time_ms, moment)._replace(
            last_receipt_wall_ms=moment.wall_ms,
            sent_records=batch.records,
            sent_bytes=len(batch.data),
        )

        def store(connection: sqlite3.Connection) -> None:
            _check_order(connection, receipt)
            statements.add_receipt(connection, lid, size, receipt.city_time_ms, message)
            statements.raise_log(connection, row)
            statements.set_statuses(connection, lid, _coded(receipt.statuses))
            statements.change_contact(connection, change)
            _count(connection, moment)
            if tally is not None:
                statements.set_progress(connection, tally)

        await self._writer.transact(store)

    async def store_carried_receipt(self, receipt: Receipt, message: bytes, moment: Moment) -> None:
        """Keep a verified receipt that came by stick, possibly long after a later one.

        It says what the city held when it was signed; a later welcome may have said less since, so
        it raises nothing when the city's database is another by now.
        """
        row = LogRow(receipt.lid, receipt.size, receipt.archived, receipt.applied, None)

        def store(connection: sqlite3.Connection) -> None:
            statements.add_receipt(
                connection, receipt.lid, receipt.size, receipt.city_time_ms, message
            )
            known = statements.known_city(connection)
            if known is None or known.generation == receipt.generation:
                statements.raise_log(connection, row)
                statements.set_statuses(connection, receipt.lid, _coded(receipt.statuses))
            statements.change_contact(
                connection, ContactChange(last_receipt_wall_ms=moment.wall_ms)
            )

        await self._writer.transact(store)

    async def store_custody(self, custody: Custody, message: bytes, moment: Moment) -> None:
        """Keep the city's word that it has these bytes aside; nothing is acknowledged by it."""
        aside = Aside(
            custody.batch_digest,
            custody.lid,
            custody.first,
            custody.count,
            custody.reason,
            message,
        )

        def store(connection: sqlite3.Connection) -> None:
            statements.add_aside(connection, aside)
            _count(connection, moment)
            statements.change_contact(connection, _success(custody.city_time_ms, moment))

        await self._writer.transact(store)

    async def store_recovered(self, lid: bytes, first: int, raws: Sequence[bytes]) -> None:
        """Keep own records that came back, for the node to enter again."""
        await self._writer.transact(
            lambda connection: statements.add_recovered(connection, lid, first, raws)
        )

    async def recovered_leaves(self, lid: bytes, first: int) -> list[bytes]:
        """Leaves of own records of a log that came back, from `first` on."""
        return await self._writer.transact(
            lambda connection: statements.recovered_leaves(connection, lid, first)
        )

    async def figures(self, day: int) -> SyncFigures:
        """What it all adds up to; `day` is the UTC day, counted from 1970."""
        return await self._writer.transact(lambda connection: sync_figures(connection, day))

    async def answer_request(self, answer: RequestAnswer) -> None:
        """Say how a request of the node stands."""
        await self._writer.transact(
            lambda connection: statements.answer_request(connection, answer)
        )

    async def close_requests(self, code: str, wall_ms: int) -> None:
        """Say of what was under way when the process ended that it came to nothing."""
        await self._writer.transact(
            lambda connection: statements.close_requests(connection, code, wall_ms)
        )

    async def answered_requests(self) -> frozenset[int]:
        """The numbers of all requests that were begun."""
        return await self._writer.transact(statements.answered_requests)

    async def drop_progress(self) -> None:
        """Nothing is being drained any more."""
        await self._writer.transact(lambda connection: statements.set_progress(connection, None))

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

        def store(connection: sqlite3.Connection) -> None:
            statements.set_notice(connection, notice.lid, notice.kind, sizes, moment.wall_ms)
            if notice.kind is NoticeKind.WITHHELD:
                sequence = notice.city_size
                statements.set_withheld(connection, notice.lid, sequence, moment.wall_ms)

        await self._writer.transact(store)


def _store_state(connection: sqlite3.Connection, state: LogState, report: LogReport) -> None:
    if report.agrees:
        statements.drop_aside(connection, state.lid, state.size)
    if not report.own_size:
        return  # a log that only the city knows
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


def _store_city_notice(connection: sqlite3.Connection, notice: CityNotice, moment: Moment) -> None:
    row = statements.log_row(connection, notice.lid)
    sizes = (0, row.acked if row is not None else 0)
    code = notice.code[:MAXIMUM_NOTICE_CODE]
    if code:
        statements.set_notice(connection, notice.lid, code, sizes, moment.wall_ms)


def _anchor(welcome: Welcome, moment: Moment) -> Anchor:
    return Anchor(
        welcome.nonce,
        welcome.city_time_ms,
        moment.boot_id,
        moment.mono_sent,
        max(moment.mono_sent, moment.mono_received),
    )


def _count(connection: sqlite3.Connection, moment: Moment) -> None:
    if moment.sent_bytes or moment.received_bytes:
        day = max(0, moment.wall_ms) // DAY_MS
        statements.add_traffic(connection, day, moment.sent_bytes, moment.received_bytes)


def _coded(statuses: Sequence[tuple[int, int]]) -> list[tuple[int, str]]:
    return [(sequence, status_code(number)) for sequence, number in statuses]
