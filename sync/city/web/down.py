"""Everything that goes from the city to its stations, and the attachments that come, as one part.

Responsible for putting feeds, publishing, session tokens and reception together for the server:
what they say in a WELCOME, their routes, their loop. It must not decide anything itself.
"""

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from sync.city.archive.feed_store.port import BlobLedger, FeedStore
from sync.city.archive.values import ArchiveError
from sync.city.feeds.desk import CityKeys, CityVoice, FeedReader, Feeds
from sync.city.feeds.publishing import Publisher, keep_publishing
from sync.city.feeds.reception import Reception
from sync.city.objects.port import Bucket
from sync.city.objects.prefixed import PrefixedBucket
from sync.city.objects.store import Objects
from sync.city.receiving.desk import WelcomeParts
from sync.city.shelf import Shelf
from sync.city.trust.stations import Station, StationDirectory
from sync.city.web.bearer import Door
from sync.city.web.blobs import add_blob_routes
from sync.city.web.feeds import add_feed_routes
from sync.city.web.tokens import tokens_of
from sync.protocol.handshake import Hello
from sync.protocol.seal import encryption_key
from sync.protocol.session_extras import FeedState, seal_token

PUBLIC: Final = "public"
"""The first name of objects that every station may fetch."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie."""

    feeds: FeedStore
    blobs: BlobLedger
    shelf: Shelf
    bucket: Bucket


@dataclass(frozen=True, slots=True)
class Around:
    """What is taken from outside: milliseconds since 1970 UTC, random bytes."""

    clock_ms: Callable[[], int]
    entropy: Callable[[int], bytes]


class Down:
    """The part of the server that talks down."""

    def __init__(
        self, keys: CityKeys, stations: StationDirectory, places: Places, around: Around
    ) -> None:
        self._keys = keys
        self._stations = stations
        self._clock_ms = around.clock_ms
        chance = random.SystemRandom()
        voice = CityVoice(keys, around.clock_ms, around.entropy, chance.random)
        self.feeds = Feeds(places.feeds, voice)
        self.public = public_objects(places.bucket)
        self.publisher = Publisher(places.shelf, self.feeds, around.clock_ms)
        self.reception = Reception(
            ledger=places.blobs,
            objects=Objects(places.bucket),
            keys=keys,
            find_signer=self._find_signer,
            clock_ms=around.clock_ms,
        )

    async def welcome_parts(self, hello: Hello) -> WelcomeParts:
        """Feeds, session token and wanted attachments for this station.

        What cannot be read or written now is left out: a full disk must not keep a station from
        learning where it stands.
        """
        reader = await self._find_reader(hello.node_id)
        if reader is None:  # revoked: it is greeted, and gets nothing
            return WelcomeParts()
        feeds: tuple[FeedState, ...] = ()
        wanted: list[bytes] = []
        with contextlib.suppress(ArchiveError):
            wanted = await self.reception.wanted(hello.node_id)
            feeds = await self.feeds.offered(reader, hello.feeds)
        token = tokens_of(self._keys.receipt_key).issue(hello.node_id, self._clock_ms())
        return WelcomeParts(
            feeds=feeds,
            sealed_token=seal_token(token, encryption_key(reader.encryption_key), hello.nonce),
            wanted=tuple(wanted),
        )

    def add_routes(self, app: web.Application) -> None:
        """Serve feeds, public objects and attachments."""
        door = Door(self._keys, self._find_reader, self._clock_ms)
        add_feed_routes(app, door, self.feeds, self.public)
        add_blob_routes(app, self.reception)

    async def run(self) -> None:
        """Publish what is laid down, for ever; cancel to stop."""
        await keep_publishing(self.publisher)

    async def _find_reader(self, node_id: bytes) -> FeedReader | None:
        station = self._stations.find_node(node_id)
        if station is None:
            return None
        return FeedReader(node_id, station.code, station.certificate.encryption_key)

    def _find_signer(self, kid: bytes) -> Station | None:
        return None if self._stations.revoked(kid) else self._stations.find(kid)


def public_objects(bucket: Bucket) -> Objects:
    """The objects that every station may fetch, apart from what stations send."""
    return Objects(PrefixedBucket(bucket, PUBLIC))
