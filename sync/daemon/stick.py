"""Both ways of a stick, from the station's files.

Responsible for opening what writing to and reading from a stick need. Writing reads both databases
and may run beside the service; reading stores, and is done by the process that has sync.db. It must
not know what lies on a stick.
"""

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

from sync.daemon.assemble import Assembler
from sync.daemon.clock import Clock
from sync.daemon.identity import Credentials, newest_keyset, read_credentials
from sync.daemon.keyring import Keyring
from sync.daemon.mailbox import Mailbox, Moment
from sync.daemon.settings import Settings
from sync.daemon.statements import keysets
from sync.daemon.stick_export import Exported, Exporter, export_to
from sync.daemon.stick_import import Imported, Importer, import_from
from sync.daemon.wiring import make_sealing
from sync.database import DatabaseError, DatabaseFault, Reader, open_reader
from sync.stick.medium import Medium
from sync.stick.report import Report


class Around(NamedTuple):
    """What comes from outside: the clock and randomness."""

    clock: Clock
    entropy: Callable[[int], bytes]


class _Open(NamedTuple):
    credentials: Credentials
    keyring: Keyring
    node: Reader
    sync: Reader | None
    assembler: Assembler


async def write_stick(settings: Settings, folder: Path, around: Around, report: Report) -> Exported:
    """Put on the stick what waits for the city.

    Raises StickError, NotEnrolledError, KeyFileError, DatabaseError.
    """
    medium = Medium(folder)
    async with _opened(settings, around.clock) as parts:
        identity = parts.credentials.identity
        exporter = Exporter(
            node=parts.node,
            sync=parts.sync,
            assembler=parts.assembler,
            clock=around.clock,
            node_id=identity.node_id,
            station=int(identity.station_code),
            signing_key=parts.credentials.keys.signing,
            node_database=settings.files.node_database,
            entropy=around.entropy,
        )
        return await export_to(medium, exporter, report)


async def read_stick(
    settings: Settings, folder: Path, around: Around, mailbox: Mailbox, report: Report
) -> Imported:
    """Take from the stick what the city sent. Raises as `write_stick`."""
    medium = Medium(folder)
    async with _opened(settings, around.clock) as parts:
        identity, keys = parts.credentials.identity, parts.credentials.keys
        importer = Importer(
            mailbox=mailbox,
            node=parts.node,
            assembler=parts.assembler,
            keyring=parts.keyring,
            node_id=identity.node_id,
            station=int(identity.station_code),
            signing_key=keys.signing,
            encryption_key=keys.encryption,
            moment=Moment(around.clock.read().wall_ms),
        )
        return await import_from(medium, importer, report)


@contextlib.asynccontextmanager
async def _opened(settings: Settings, clock: Clock) -> AsyncIterator[_Open]:
    credentials = await read_credentials(settings)
    async with (
        open_reader(settings.files.node_database) as node,
        _answers(settings.files.sync_database) as sync,
    ):
        later = await sync.query(keysets) if sync is not None else []
        keyring = Keyring(newest_keyset(credentials.enrolment, later))
        assembler = Assembler(node, make_sealing(credentials, keyring, clock))
        yield _Open(credentials, keyring, node, sync, assembler)


@contextlib.asynccontextmanager
async def _answers(path: Path) -> AsyncIterator[Reader | None]:
    """sync.db, or None at a station that has never talked to its city."""
    async with contextlib.AsyncExitStack() as stack:
        reader = None
        try:
            reader = await stack.enter_async_context(open_reader(path))
        except DatabaseError as error:
            if error.code is not DatabaseFault.MISSING:
                raise
        yield reader
