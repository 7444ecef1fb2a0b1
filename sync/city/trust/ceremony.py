"""What becomes of the city's keyset when a key comes, goes, or the roots themselves change.

Responsible for: the next keyset, whose signatures it needs, and which published keyset a station
at an older one can take. Pure. Rules: a new key goes in front, the ones before it stay, so that
what they signed and what was sealed for them stays good; the first key of a role cannot be
retired; versions go up by one. It must not know files.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from sync.protocol.cose import raw_key_id
from sync.protocol.enrolment import SignedKeyset
from sync.protocol.errors import ProtocolError
from sync.protocol.keyset import Keyset, verify_keyset
from sync.protocol.limits import MAXIMUM_KEYS

ROOTS: Final = 3
THRESHOLD: Final = 2
"""Two of three: one root may be lost, and one alone changes nothing."""


class CeremonyError(Exception):
    """A change of keys that is refused; the message is one line for the operator."""


class Role(StrEnum):
    """What a key of the city is for."""

    ROOT = "root"
    CA = "ca"
    RECEIPT = "receipt"
    FEED = "feed"
    ENCRYPTION = "encryption"


WORKING_ROLES: Final = (Role.CA, Role.RECEIPT, Role.FEED, Role.ENCRYPTION)
"""The roles whose keys the server needs; it runs without a root key."""


def keys_of(keyset: Keyset, role: Role) -> tuple[bytes, ...]:
    """The raw public keys of a role, the one in use first."""
    return {
        Role.ROOT: keyset.root_keys,
        Role.CA: keyset.ca_keys,
        Role.RECEIPT: keyset.receipt_keys,
        Role.FEED: keyset.feed_keys,
        Role.ENCRYPTION: keyset.encryption_keys,
    }[role]


def with_new_key(keyset: Keyset, role: Role, raw: bytes) -> Keyset:
    """The next keyset, with `raw` in use for a working role. Raises CeremonyError."""
    before = keys_of(keyset, role)
    if len(before) >= MAXIMUM_KEYS:
        raise CeremonyError(f"{role} has {MAXIMUM_KEYS} keys: retire one first")
    return _changed(keyset, role, (raw, *before))


def without_key(keyset: Keyset, role: Role, kid: bytes) -> Keyset:
    """The next keyset without an older key of a working role. Raises CeremonyError."""
    before = keys_of(keyset, role)
    left = tuple(raw for raw in before if raw_key_id(raw) != kid)
    if left == before:
        raise CeremonyError(f"{role} has no key {kid.hex()}")
    if left[:1] != before[:1]:
        raise CeremonyError(f"{kid.hex()} is in use: rotate {role} first")
    return _changed(keyset, role, left)


def with_new_roots(keyset: Keyset, roots: Sequence[bytes]) -> Keyset:
    """The next keyset, under other roots: two of the old and two of the new must sign it."""
    return keyset._replace(version=keyset.version + 1, root_keys=tuple(roots), threshold=THRESHOLD)


def signers_needed(keyset: Keyset, trusted: Keyset | None) -> tuple[bytes, ...]:
    """The raw root keys that may sign `keyset` after `trusted`, each once."""
    before = trusted.root_keys if trusted else ()
    return tuple(dict.fromkeys((*before, *keyset.root_keys)))


def newest_for(published: Sequence[SignedKeyset], version: int | None) -> bytes | None:
    """The newest published message that a station at `version` can take; None: nothing newer.

    Roots that changed in between make it stop on the way: it takes that one, then asks again.
    Without a version, or with one that was never published, it is simply the newest.
    """
    by_version = {one.keyset.version: one for one in published}
    own = by_version.get(version) if version is not None else None
    if own is None:
        return by_version[max(by_version)].message if by_version else None
    for newer in sorted(
        (found for found in by_version if found > own.keyset.version), reverse=True
    ):
        if _follows(by_version[newer].message, own.keyset):
            return by_version[newer].message
    return None


def _follows(message: bytes, trusted: Keyset) -> bool:
    try:
        verify_keyset(message, trusted)
    except ProtocolError:
        return False
    return True


def _changed(keyset: Keyset, role: Role, keys: tuple[bytes, ...]) -> Keyset:
    version = keyset.version + 1
    match role:
        case Role.CA:
            return keyset._replace(version=version, ca_keys=keys)
        case Role.RECEIPT:
            return keyset._replace(version=version, receipt_keys=keys)
        case Role.FEED:
            return keyset._replace(version=version, feed_keys=keys)
        case Role.ENCRYPTION:
            return keyset._replace(version=version, encryption_keys=keys)
        case Role.ROOT:
            raise CeremonyError("roots are changed together")
