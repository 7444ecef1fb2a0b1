"""The station's own evidence about time, feeds and alarms, appended to its journal."""

import sqlite3
from collections.abc import Collection, Sequence
from typing import Final, TypeAlias

from edge_node.store import inbox, retention
from edge_node.store.city_news import News, Notice
from edge_node.store.unit_of_work import Transaction
from sync.journal import recovery
from sync.journal.evidence import event_of
from sync.journal.journal import JournalEvent
from sync.protocol.control_records import Alert, FeedAcknowledgement, KeyRotation, TimeAnchor

Connection: TypeAlias = sqlite3.Connection

FORK: Final = "fork"
KEY_ROTATION: Final = "key_rotation"
"""Why a log was opened, as its first record says."""


def is_news(connection: Connection, news: News, alarms: Collection[str], interval_ms: int) -> bool:
    """Whether anything of `news` still has to be written down."""
    anchor = news.anchor is not None and _is_due(connection, news.anchor, interval_ms)
    alarm = any(
        not recovery.has_command(connection, _alarm(one).eid)
        or (one.kind == FORK and not recovery.is_abandoned(connection, one.lid))
        for one in news.notices
        if one.kind in alarms
    )
    keys = any(not recovery.has_command(connection, event_of(one).eid) for one in news.keys)
    return anchor or alarm or keys or retention.is_archived_news(connection, news.archived)


def tie_clock(transaction: Transaction, anchor: TimeAnchor | None, interval_ms: int) -> bool:
    """Tie this boot's clock to the city's time, when that is due; whether it was."""
    if anchor is None or not _is_due(transaction.connection, anchor, interval_ms):
        return False
    inbox.set_anchored(transaction, anchor.boot_id, anchor.mono_received_ms)
    return append_once(transaction, event_of(anchor))


def _is_due(connection: Connection, anchor: TimeAnchor, interval_ms: int) -> bool:
    if not inbox.has_records(connection, anchor.boot_id):
        return False  # nothing to date: an idle station opens no log for it
    before_ms = inbox.anchored_ms(connection, anchor.boot_id)
    return before_ms is None or anchor.mono_received_ms - before_ms >= interval_ms


def acknowledge(transaction: Transaction, fid: bytes, size: int, root: bytes) -> None:
    """Confirm to the city, signed with the next batch, that a feed took effect up to `size`."""
    append_once(transaction, event_of(FeedAcknowledgement(fid, size, root)))
    inbox.acknowledge(transaction, fid, size)


def note_keys(transaction: Transaction, keys: Sequence[KeyRotation]) -> None:
    """Write down changes of the station's key; what follows stands in new logs."""
    for key in keys:
        if append_once(transaction, event_of(key)):
            transaction.journal.renew(transaction.connection, KEY_ROTATION)


def raise_alarms(
    transaction: Transaction,
    notices: Sequence[Notice],
    alarms: Collection[str],
    renewing: Collection[str],
) -> int:
    """Write alert records for new notices and journal forked logs again; how many were new."""
    new = 0
    for notice in notices:
        if notice.kind not in alarms:
            continue
        fresh = append_once(transaction, _alarm(notice))
        if fresh and notice.kind in renewing:
            transaction.journal.renew(transaction.connection, notice.kind)
        if notice.kind == FORK:
            recovery.abandon(
                transaction.connection, transaction.journal, notice.lid, transaction.moment.time
            )
        new += fresh
    return new


def alarm(transaction: Transaction, code: str, lid: bytes | None, own: int, city: int) -> None:
    """One alert record."""
    append_once(transaction, event_of(Alert(code, lid, own, city)))


def append_once(transaction: Transaction, event: JournalEvent) -> bool:
    """Append a record whose id follows from what it says; False when it was said before."""
    if recovery.has_command(transaction.connection, event.eid):
        return False
    transaction.journal.append(transaction.connection, event, transaction.moment.time)
    return True


def _alarm(notice: Notice) -> JournalEvent:
    return event_of(Alert(notice.kind, notice.lid, notice.own_size, notice.city_size))
