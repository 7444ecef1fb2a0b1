"""Reads the city's feeds into sync.db, and fetches the objects that they name.

Responsible for which feed is read next, asking the city, and storing what is believed. Rules: only
feeds that a verified welcome offers are read; entries and cursor are one transaction; a feed whose
batch was refused is left alone until the next welcome, with a notice for a person; the others go
on. It must not know what an entry means, but for the object that a release names.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from hashlib import sha256
from typing import Final, NamedTuple, TypeVar

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.daemon import feed_statements, statements
from sync.daemon.answers import Answer, Message, meaning
from sync.daemon.clock import Clock
from sync.daemon.events import Failed, Failure, Problem, Pulled, Refusal
from sync.daemon.feed_belief import (
    FIRST_OWN_FEED,
    FeedFault,
    FeedKeys,
    FeedRow,
    Read,
    RefusedFeedError,
    read_feed_batch,
)
from sync.daemon.keyring import Keyring
from sync.daemon.ports import Line, Request
from sync.daemon.transport import TransportError
from sync.database import DatabaseError, Writer
from sync.protocol import merkle
from sync.protocol.feed import FeedKind, Reader
from sync.protocol.handshake import Welcome
from sync.protocol.keyset import keys_by_id
from sync.protocol.limits import MAXIMUM_BATCH_BYTES, MAXIMUM_FEEDS, MAXIMUM_OBJECT_BYTES
from sync.protocol.session_extras import FeedHead, FeedState

POLL_S: Final = 55.0
"""One request that waits for news; the city answers by then."""
EARLY: Final = 0.7
"""An empty answer before this share of the wait says that another feed has grown."""

OBJECT_MEDIA_TYPE: Final = "application/octet-stream"
NO_CONTENT: Final = 204
OK: Final = 200
NOT_FOUND: Final = 404

Result = TypeVar("Result")


class FeedAccess(NamedTuple):
    """Who reads: the line to the city, the writer of sync.db, the keys, the clock for notices."""

    line: Line
    writer: Writer
    keyring: Keyring
    station: int
    encryption_key: X25519PrivateKey
    clock: Clock


class _Held(NamedTuple):
    """An answer that came while listening."""

    fid: bytes
    first: int
    answer: Answer


class CityFeeds:
    """Implements FeedReader."""

    def __init__(self, access: FeedAccess) -> None:
        self._access = access
        self._offers: dict[bytes, FeedState] = {}
        self._claimed: dict[bytes, FeedHead] = {}
        self._behind: list[bytes] = []
        self._objects: list[bytes] = []
        self._tried: set[bytes] = set()
        self._held: _Held | None = None

    async def heads(self) -> tuple[FeedHead, ...]:
        """How far every feed has been read, those of the last welcome first."""
        rows = await self._transact(feed_statements.feed_rows)
        ordered = sorted(rows.values(), key=lambda row: row.fid not in self._offers)
        heads = [FeedHead(row.fid, row.size, row.root) for row in ordered[:MAXIMUM_FEEDS]]
        self._claimed = {head.fid: head for head in heads}
        return tuple(heads)

    async def welcomed(self, welcome: Welcome) -> bool:
        """Take over what a verified welcome says of feeds; whether any of them is behind."""
        offers = {state.fid: state for state in welcome.feeds}

        def store(connection: sqlite3.Connection) -> list[bytes]:
            return [fid for fid, state in offers.items() if self._take(connection, state)]

        self._held = None
        self._tried.clear()
        self._behind = await self._transact(store)
        self._offers = offers
        await self._look_for_objects()
        return self._more()

    async def pull(self) -> Pulled | Problem | Failed:
        """Fetch, verify and store one batch of a feed that is behind, or an object."""
        try:
            if self._behind:
                return await self._pull_feed(self._behind[0])
            if self._objects:
                return await self._pull_object(self._objects[0])
        except TransportError as error:
            return Failed(error.failure)
        except (DatabaseError, sqlite3.Error):
            if self._access.writer.broken.is_set():
                raise
            return Failed(Failure.STATION)
        return Pulled(0, more=False)

    async def listen(self, wait_s: float) -> bool:
        """Wait at the city for news, at most so long."""
        own = next((fid for fid, at in self._offers.items() if at.feed >= FIRST_OWN_FEED), None)
        if own is None:
            return False
        loop = asyncio.get_running_loop()
        end = loop.time() + wait_s
        with contextlib.suppress(TransportError):
            while True:
                asked_s = max(0.0, min(POLL_S, end - loop.time()))
                heard = await self._poll(own, int(asked_s))
                if heard is not None:
                    return heard
                if loop.time() >= end - 1.0:
                    return True
        return False

    async def _poll(self, fid: bytes, wait_s: int) -> bool | None:
        """Whether the city has news; None when it had nothing to say."""
        row = await self._transact(lambda connection: feed_statements.feed_row(connection, fid))
        if row is None:
            return False
        answer = await self._access.line.ask(_feed_request(row, wait_s))
        if answer.status == OK:
            self._held = _Held(fid, row.size, answer)
            self._mark(fid)
            return True
        if answer.status != NO_CONTENT:
            return False
        if answer.elapsed_s >= EARLY * wait_s:
            return None
        for other in self._offers:
            if other != fid:
                self._mark(other)
        return True

    def _mark(self, fid: bytes) -> None:
        if fid not in self._behind:
            self._behind.append(fid)

    def _more(self) -> bool:
        return bool(self._behind or self._objects)

    def _take(self, connection: sqlite3.Connection, state: FeedState) -> bool:
        """Whether there is something to read of an offered feed."""
        row = feed_statements.feed_row(connection, state.fid)
        if row is None:
            row = beginning(state)
            feed_statements.add_feed(connection, row)
        claimed = self._claimed.get(state.fid)
        fault = None if claimed is None else _compare(claimed, state)
        if fault is not None:
            self._note(connection, fault, row, state.size)
            return False
        return state.size > row.size

    def _note(
        self, connection: sqlite3.Connection, fault: FeedFault, row: FeedRow, size: int
    ) -> None:
        wall_ms = self._access.clock.read().wall_ms
        statements.set_notice(connection, row.fid, fault, (row.size, size), wall_ms)

    async def _pull_feed(self, fid: bytes) -> Pulled | Problem | Failed:
        row = await self._transact(lambda connection: feed_statements.feed_row(connection, fid))
        if row is None:
            return self._done(fid)
        held, self._held = self._held, None
        if held is not None and (held.fid, held.first) == (fid, row.size):
            answer = held.answer
        else:
            answer = await self._access.line.ask(_feed_request(row, 0))
        if answer.status in {NO_CONTENT, NOT_FOUND}:
            return self._done(fid)
        said = meaning(answer, 0)
        if isinstance(said, Message):
            return await self._store(row, said.body)
        if isinstance(said, Problem) and said.refusal is not Refusal.BUSY:
            self._behind.remove(fid)
        return said

    def _done(self, fid: bytes) -> Pulled:
        """There is nothing more of this feed for now."""
        self._behind.remove(fid)
        return Pulled(0, more=self._more())

    async def _store(self, row: FeedRow, data: bytes) -> Pulled:
        try:
            read = await asyncio.to_thread(read_feed_batch, data, row, self._keys())
        except RefusedFeedError as error:
            return await self._refuse(row, error.fault)
        await self._transact(
            lambda connection: feed_statements.add_entries(connection, read.row, read.records)
        )
        offer = self._offers.get(row.fid)
        if offer is None or read.row.size >= offer.size:
            self._behind.remove(row.fid)
        if _names_object(read):
            await self._look_for_objects()
        return Pulled(len(read.records), more=self._more())

    async def _refuse(self, row: FeedRow, fault: FeedFault) -> Pulled:
        offer = self._offers.get(row.fid)
        size = row.size if offer is None else offer.size
        await self._transact(lambda connection: self._note(connection, fault, row, size))
        self._offers.pop(row.fid, None)
        return self._done(row.fid)

    async def _look_for_objects(self) -> None:
        def look(connection: sqlite3.Connection) -> list[bytes]:
            named = map(feed_statements.object_of, feed_statements.release_bodies(connection))
            wanted = dict.fromkeys(digest for digest in named if digest is not None)
            return [one for one in wanted if not feed_statements.has_object(connection, one)]

        missing = await self._transact(look)
        self._objects = [digest for digest in missing if digest not in self._tried]

    async def _pull_object(self, digest: bytes) -> Pulled | Problem | Failed:
        path = f"/v1/objects/{digest.hex()}"
        request = Request("GET", path, bearer=True, maximum_bytes=MAXIMUM_OBJECT_BYTES)
        answer = await self._access.line.ask(request)
        if answer.status not in {OK, NOT_FOUND} or _is_foreign(answer):
            said = meaning(answer, 0)
            return said if not isinstance(said, Message) else Failed(Failure.BAD_ANSWER)
        if sha256(answer.body).digest() == digest:
            await self._transact(
                lambda connection: feed_statements.add_object(connection, digest, answer.body)
            )
        self._tried.add(digest)
        self._objects.remove(digest)
        return Pulled(0, more=self._more())

    def _keys(self) -> FeedKeys:
        keyset = self._access.keyring.keyset
        find_key = keys_by_id(keyset.feed_keys)
        reader = Reader(keyset.city_id, self._access.station, find_key)
        return FeedKeys(reader, self._access.encryption_key)

    async def _transact(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        return await self._access.writer.transact(work)


def _feed_request(row: FeedRow, wait_s: int) -> Request:
    wait = f"&wait={wait_s}" if wait_s else ""
    return Request(
        "GET",
        f"/v1/feeds/{row.fid.hex()}?from={row.size}{wait}",
        bearer=True,
        patience_s=float(wait_s) if wait_s else None,
        maximum_bytes=MAXIMUM_BATCH_BYTES,
    )


def beginning(state: FeedState) -> FeedRow:
    """Where a station that has nothing of a feed begins: at its last snapshot."""
    root = merkle.root(state.start_frontier)
    return FeedRow(state.fid, state.feed, state.start, root, state.start_frontier, state.start)


def _compare(claimed: FeedHead, state: FeedState) -> FeedFault | None:
    """What is wrong between what this station said it has and what the city has."""
    if state.size < claimed.size:
        return FeedFault.ROLLBACK
    return None if state.root == claimed.root else FeedFault.FORK


def _is_foreign(answer: Answer) -> bool:
    """Whether somebody answers "here it is" who cannot be the city."""
    return answer.status == OK and answer.media_type != OBJECT_MEDIA_TYPE


def _names_object(read: Read) -> bool:
    return any(record.kind == FeedKind.CATALOGUE_RELEASE for record in read.records)
