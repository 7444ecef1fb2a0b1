"""The city's keysets on the shelf: how several processes come to use the same keys.

Responsible for: laying down what this machine has, taking over what another one published, and
publishing a change exactly once. Rules: a version is published by one machine only; what is taken
over must be signed by enough roots, whatever the shelf says. It must not know who asks.
"""

import logging
from typing import Final

from sync.city.shelf import Shelf
from sync.city.trust.ceremony import CeremonyError
from sync.city.trust.identity import CityIdentity
from sync.keys import KeyFileError
from sync.protocol.errors import ProtocolError
from sync.protocol.keyset import verify_keyset

KEYSETS: Final = "keysets"

_log = logging.getLogger(__name__)


async def share(identity: CityIdentity, shelf: Shelf) -> None:
    """Bring this machine's keysets and the shelf's together. Raises ArchiveError."""
    versions = {int(name) for name in await shelf.list(KEYSETS) if name.isdigit()}
    for one in identity.published:
        if one.keyset.version not in versions:
            await shelf.swap(KEYSETS, str(one.keyset.version), None, one.message)
    for version in sorted(versions):
        if version > identity.keyset.keyset.version:
            await _take_over(identity, shelf, version)


async def publish(identity: CityIdentity, shelf: Shelf, message: bytes) -> None:
    """Make a signed keyset the city's. Raises ProtocolError, CeremonyError, KeyFileError.

    CeremonyError when another machine has changed the keys meanwhile.
    """
    await share(identity, shelf)
    keyset = verify_keyset(message, identity.keyset.keyset)
    if keyset.version != identity.keyset.keyset.version + 1:
        raise CeremonyError(f"version {identity.keyset.keyset.version + 1} comes next")
    if not await shelf.swap(KEYSETS, str(keyset.version), None, message):
        raise CeremonyError("the keys were changed on another machine just now: begin again")
    identity.take_over(message)


async def _take_over(identity: CityIdentity, shelf: Shelf, version: int) -> None:
    message = await shelf.read(KEYSETS, str(version))
    if message is None:
        return
    try:
        identity.take_over(message)
    except (ProtocolError, KeyFileError) as error:
        _log.error("keyset %d on the shelf is not used: %s", version, error)
