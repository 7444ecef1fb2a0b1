"""Keep a kiosk visitor's unfinished form across a restart of the node, and nobody else's eyes.

Rules: the form is sealed under a key made from the visitor's cookie; the station stores only the
cookie's digest, so a stolen card reveals no form; a form untouched for DRAFT_AGE_S is forgotten;
leaving the kiosk forgets it at once.
"""

from typing import Final, Literal, TypeAlias

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.events import Answer
from edge_node.domain.person import Person
from edge_node.store import drafts
from edge_node.usecases.station import Station, storage_error, token_id
from sync.database import DatabaseError

DRAFT_AGE_S: Final = 30 * 60
"""How long an untouched form is kept."""

MAXIMUM_DRAFT_BYTES: Final = 64 << 10
_NONCE_BYTES: Final = 12


PaperChoice: TypeAlias = Literal["photographed", "counter", "none"]
"""What the citizen said about a paper: captured here, brought along, not at hand."""


class Draft(msgspec.Struct, kw_only=True):
    """A form under way; `key` is the idempotency key it will be handed in with.

    `helping`: somebody else fills it in for the person. `prefilled` are the questions the card
    answered; `card_doubtful` that the card may be past the age for a new one;
    `resumable` that its card or a code leads back to the form.
    """

    procedure_id: str = ""
    language: str = "vi"
    person: Person | None = None
    identity_level: str = "none"
    answers: dict[str, Answer] = msgspec.field(default_factory=dict)
    papers: dict[str, PaperChoice] = msgspec.field(default_factory=dict)
    prefilled: tuple[str, ...] = ()
    helping: bool = False
    card_doubtful: bool = False
    resumable: bool = False
    phone: str = ""
    key: str = ""


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Draft)


async def save(station: Station, token: str, draft: Draft) -> None:
    """Store the form; durable when this returns. Errors: body_too_large, storage_*."""
    plain = _encoder.encode(draft)
    if len(plain) > MAXIMUM_DRAFT_BYTES:
        raise DomainError(ErrorCode.BODY_TOO_LARGE, maximum_bytes=MAXIMUM_DRAFT_BYTES)
    nonce = station.entropy(_NONCE_BYTES)
    sealed = nonce + AESGCM(_key(token)).encrypt(nonce, plain, token_id(token))
    moment = station.moment()
    try:
        await station.store.write(
            moment, lambda transaction: drafts.save(transaction, token_id(token), sealed)
        )
    except DatabaseError as error:
        raise storage_error(error) from error


async def load(station: Station, token: str) -> Draft | None:
    """The visitor's form, or None when there is none or it is too old."""
    found = await station.store.read(lambda connection: drafts.find(connection, token_id(token)))
    if found is None:
        return None
    sealed, changed_wall_ms = found
    now_ms = station.moment().time.wall_ms or 0
    if now_ms - changed_wall_ms > DRAFT_AGE_S * 1000:
        return None
    try:
        plain = AESGCM(_key(token)).decrypt(
            sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], token_id(token)
        )
    except InvalidTag:
        return None
    return _decoder.decode(plain)


async def discard(station: Station, token: str) -> None:
    """Forget the visitor's form now."""
    moment = station.moment()
    try:
        await station.store.write(
            moment, lambda transaction: drafts.delete(transaction, token_id(token))
        )
    except DatabaseError as error:
        raise storage_error(error) from error


async def forget_old(station: Station) -> int:
    """Forget every form that was left; how many there were."""
    moment = station.moment()
    limit_ms = (moment.time.wall_ms or 0) - DRAFT_AGE_S * 1000
    return await station.store.write(
        moment, lambda transaction: drafts.delete_older_than(transaction, limit_ms)
    )


def _key(token: str) -> bytes:
    derive = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"kiosk draft")
    return derive.derive(token.encode())
