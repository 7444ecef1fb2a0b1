"""The slip keys of the stations, as their own records announced and ended them (SPEC 22.3).

Responsible for: reading those two kinds of records, keeping what they say on the shelf, and finding
the keys with an id. Rules: a key counts for the node whose signed log announced it and for no
other; hearing the same twice, or the end before the beginning, changes nothing. It must not know
what is printed.
"""

from collections.abc import Sequence
from typing import Annotated, Final, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.city.shelf import Shelf
from sync.protocol.errors import ProtocolError
from sync.protocol.limits import MAXIMUM_REVOKED_LOGS
from sync.protocol.record import Record
from sync.protocol.slip import Slip, is_ended, signing_key_id, slip_key_id, verify_slip

FOLDER: Final = "slip-keys"
KIND_ANNOUNCED: Final = 136
KIND_ENDED: Final = 137

Kid = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{8}$")]
PublicKey = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Lid = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
Positions = Annotated[
    list[tuple[Lid, Annotated[int, msgspec.Meta(ge=0)]]],
    msgspec.Meta(max_length=MAXIMUM_REVOKED_LOGS),
]


class _Announced(msgspec.Struct, frozen=True):
    kid: Kid
    public_key: PublicKey


class _Ended(msgspec.Struct, frozen=True):
    kid: Kid
    positions: Positions | None


class Known(msgspec.Struct, frozen=True):
    """What is known of one key; `public_key` is empty when only its end was heard so far."""

    public_key: str = ""
    ended: bool = False
    positions: Positions | None = None


class Word(NamedTuple):
    """What a record says of a slip key."""

    kid: str
    known: Known


class Found(NamedTuple):
    """A slip that one of the stations' keys signed."""

    slip: Slip
    node_id: bytes
    ended: bool


def read_word(record: Record) -> Word | None:
    """What a record says of a slip key; None when it says nothing or what does not fit."""
    try:
        if record.kind == KIND_ANNOUNCED:
            said = msgspec.json.decode(record.body, type=_Announced)
            if slip_key_id(bytes.fromhex(said.public_key)).hex() != said.kid:
                return None
            return Word(said.kid, Known(public_key=said.public_key))
        if record.kind == KIND_ENDED:
            end = msgspec.json.decode(record.body, type=_Ended)
            return Word(end.kid, Known(ended=True, positions=end.positions))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return None


class SlipKeys:
    """The keys on the shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def hear(self, node_id: bytes, words: Sequence[Word]) -> None:
        """Keep what a node's records say. Raises ArchiveError."""
        for word in words:
            name = f"{word.kid}-{node_id.hex()}"  # see `node_of`
            while True:
                seen = await self._shelf.read(FOLDER, name)
                merged = _merged(_read(seen), word.known)
                content = msgspec.json.encode(merged)
                if content == seen or await self._shelf.swap(FOLDER, name, seen, content):
                    break

    async def versions(self) -> dict[str, str]:
        """The name of every key and the version of what is known of it. Raises ArchiveError."""
        return await self._shelf.list(FOLDER)

    async def known(self, name: str) -> Known:
        """What is known of the key with this name. Raises ArchiveError."""
        return _read(await self._shelf.read(FOLDER, name))

    async def find(self, token: bytes) -> list[Found]:
        """The slip in a token for each node whose key signed it; none when no key has its id.

        Usually that is one; a node that passes another's key off as its own makes it two, and the
        station that the slip names decides. Errors: those of `verify_slip`, for a token that no
        key of its id has signed.
        """
        kid = signing_key_id(token).hex()
        found: list[Found] = []
        fault: ProtocolError | None = None
        for name in await self.versions():
            if not name.startswith(f"{kid}-"):
                continue
            known = await self.known(name)
            if not known.public_key:
                continue
            try:
                slip = verify_slip(token, {bytes.fromhex(kid): _key(known)}.get)
            except ProtocolError as error:  # another node may have a key with this id
                fault = error
                continue
            found.append(Found(slip, node_of(name), _ended(known, slip)))
        if fault is not None and not found:
            raise fault
        return found


def node_of(name: str) -> bytes:
    """Whose key a name on the shelf stands for."""
    return bytes.fromhex(name.partition("-")[2])


def _key(known: Known) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(known.public_key))


def _ended(known: Known, slip: Slip) -> bool:
    positions = known.positions
    named = None if positions is None else tuple((bytes.fromhex(lid), n) for lid, n in positions)
    return known.ended and is_ended(named, slip.claims)


def _read(content: bytes | None) -> Known:
    return msgspec.json.decode(content, type=Known) if content else Known()


def _merged(old: Known, new: Known) -> Known:
    ended = new if new.ended else old
    return Known(
        public_key=old.public_key or new.public_key,
        ended=old.ended or new.ended,
        positions=ended.positions,
    )
