"""Puts a conversation together from an enrolled station's files.

Responsible for which part gets what. It must not know how any of them works, nor what runs beside.
"""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from sync.daemon.assemble import Assembler, Sealing
from sync.daemon.blobs import Attachments, BlobAccess
from sync.daemon.clock import Clock
from sync.daemon.conversation import Conversation
from sync.daemon.events import Started
from sync.daemon.exchanges import Chance, Ports, Speaker
from sync.daemon.feeds import CityFeeds, FeedAccess
from sync.daemon.identity import Credentials, certificate_for, newest_keyset
from sync.daemon.keyring import Keyring
from sync.daemon.mailbox import Mailbox
from sync.daemon.progress import Session
from sync.daemon.rekey import Renewal
from sync.daemon.settings import Settings
from sync.daemon.statements import SightedCity
from sync.daemon.transport import Timeouts, Transport, open_transport
from sync.database import Reader, open_reader
from sync.dictionary import CURRENT_DICTIONARY
from sync.protocol.compression import Dictionary
from sync.protocol.cose import raw_key_id


class Surroundings(NamedTuple):
    """What the process takes from outside; tests bring their own."""

    clock: Clock
    chance: Chance
    told: Callable[[Session], None] | None = None
    timeouts: Timeouts | None = None


class Life(NamedTuple):
    """A conversation, the open journal, how long the city was away when it begins, and renewing."""

    conversation: Conversation
    reader: Reader
    started: Started
    renewal: Renewal


class _Parts(NamedTuple):
    """What every port is made of."""

    settings: Settings
    credentials: Credentials
    keyring: Keyring
    mailbox: Mailbox
    clock: Clock


@contextlib.asynccontextmanager
async def open_conversation(
    settings: Settings, around: Surroundings, mailbox: Mailbox, credentials: Credentials
) -> AsyncIterator[Life]:
    """A conversation with the enrolled city; raises DatabaseError when node.db cannot be read."""
    keyring = Keyring(newest_keyset(credentials.enrolment, await mailbox.keysets()))
    parts = _Parts(settings, credentials, keyring, mailbox, around.clock)
    certificate = certificate_for(credentials.enrolment, credentials.identity)
    await mailbox.store_own_key(certificate.serial, raw_key_id(certificate.signing_key))
    sighted = await mailbox.sighted()
    async with (
        open_reader(settings.files.node_database) as reader,
        open_transport(
            credentials.city_url,
            credentials.enrolment.ca_pem,
            clock_plausible=around.clock.read().plausible,
            timeouts=around.timeouts,
        ) as transport,
    ):
        ports = _ports(parts, reader, transport, around.chance)
        session = Session(limits=settings.limits, policy=sighted.policy, reads_feeds=True)
        started = Started(outage_s(sighted, around.clock))
        renewal = _renewal(parts, transport, around.chance)
        yield Life(Conversation(ports, session, told=around.told), reader, started, renewal)


def _ports(parts: _Parts, reader: Reader, transport: Transport, chance: Chance) -> Ports:
    credentials, keyring, clock = parts.credentials, parts.keyring, parts.clock
    station = int(credentials.identity.station_code)
    keys = credentials.keys
    return Ports(
        assembler=Assembler(reader, make_sealing(credentials, keyring, clock)),
        transport=transport,
        mailbox=parts.mailbox,
        speaker=Speaker(
            credentials.identity.node_id, station, keys.signing, keys.encryption, keyring
        ),
        clock=clock,
        chance=chance,
        feeds=CityFeeds(
            FeedAccess(transport, parts.mailbox.writer, keyring, station, keys.encryption, clock)
        ),
        blobs=Attachments(
            BlobAccess(
                line=transport,
                writer=parts.mailbox.writer,
                reader=reader,
                node_database=parts.settings.files.node_database,
                keyring=keyring,
                node_id=credentials.identity.node_id,
                signing_key=keys.signing,
                clock=clock,
            )
        ),
    )


def _renewal(parts: _Parts, transport: Transport, chance: Chance) -> Renewal:
    async def city_time_ms() -> int | None:
        row = await parts.mailbox.writer.transact(
            lambda connection: connection.execute("SELECT city_time_ms FROM contact").fetchone()
        )
        return None if row is None else row[0]

    return Renewal(
        parts.settings,
        parts.credentials,
        transport,
        lambda: parts.keyring.keyset,
        chance.entropy,
        city_time_ms,
    )


def outage_s(sighted: SightedCity, clock: Clock) -> float | None:
    """Seconds since the city was heard; None when that was in another boot. No wall clock."""
    if sighted.boot_id is None or sighted.mono_ms is None:
        return 0.0  # never heard: this station is new, and its people are waiting
    if sighted.boot_id != clock.boot_id:
        return None
    return max(0, clock.read().mono_ms - sighted.mono_ms) / 1000.0


def make_sealing(credentials: Credentials, keyring: Keyring, clock: Clock) -> Sealing:
    """What this station's batches are signed with and sealed for."""
    known = CURRENT_DICTIONARY.number in credentials.enrolment.dictionaries
    dictionary: Dictionary | None = CURRENT_DICTIONARY if known else None
    return Sealing(
        station=int(credentials.identity.station_code),
        signing_key=credentials.keys.signing,
        recipients=keyring.recipients,
        dictionary=dictionary,
        clock=clock,
    )
