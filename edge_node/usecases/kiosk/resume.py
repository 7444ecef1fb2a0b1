"""The way back to an unfinished form: the same card, or the code the kiosk has shown.

Rules: a form is kept sealed under a secret of the visitor's browser; what is stored here is that
secret, sealed under a slow function of the card's whole content or of the code, and found by
another half of the same function's output. So the disk alone leads nowhere, and nothing else (a
name, a number, an officer) opens a form. A form that is over or was handed in cannot be found,
whatever key is left.
"""

import asyncio
import hashlib
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edge_node.domain.codes import CROCKFORD
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.identity_card import CardScan
from edge_node.store import kiosk
from edge_node.store.unit_of_work import Transaction
from edge_node.usecases import drafts, intake
from edge_node.usecases.drafts import DRAFT_AGE_S, Draft
from edge_node.usecases.station import Station, storage_error
from sync.database import DatabaseError

CODE_CHARACTERS: Final = 8
"""40 bits: with a slow function in front of it, years of guessing for half an hour's worth."""

KEY_AGE_S: Final = 8 * DRAFT_AGE_S
"""A form that is being filled in may live longer than one that is left alone."""

MAXIMUM_TYPED_CHARACTERS: Final = 32
SLOW_FUNCTIONS_AT_ONCE: Final = 2
"""Each takes 16 MiB and about 50 ms of a core."""

_COST: Final = {"n": 1 << 14, "r": 8, "p": 1}
_NONCE_BYTES: Final = 12
_room: Final = asyncio.Semaphore(SLOW_FUNCTIONS_AT_ONCE)


class Found(NamedTuple):
    """An unfinished form and the secret it lies under."""

    token: str
    draft: Draft


class _Keys(NamedTuple):
    id: bytes
    sealing: bytes


def card_secret(card: CardScan) -> str:
    """Everything the card's code says: what a stranger would have to guess."""
    person = card.person
    parts = (
        "card",
        person.id_number,
        person.full_name,
        str(person.date_of_birth or ""),
        person.sex or "",
        person.address,
        str(card.issued_on or ""),
    )
    return "|".join(parts)


async def make_code(station: Station, token: str) -> str:
    """A code that leads back to the form under `token`: `7KXM-Q2RD`. Errors: storage_*."""
    letters = [CROCKFORD[byte % 32] for byte in station.entropy(CODE_CHARACTERS)]
    await _store(station, token, await _keys(station, f"code|{''.join(letters)}"))
    half = CODE_CHARACTERS // 2
    return f"{''.join(letters[:half])}-{''.join(letters[half:])}"


async def meet_card(station: Station, token: str, card: CardScan) -> Found | None:
    """The form this card has left unfinished; else from now on it leads to the one under `token`.

    Errors: storage_*.
    """
    keys = await _keys(station, card_secret(card))
    found = await _open(station, keys)
    if found is not None and found.token != token and found.draft.procedure_id:
        return found
    await _store(station, token, keys)
    return None


async def find_by_code(station: Station, text: str) -> Found:
    """The form of a code as typed. Error: resume_code_unknown, also for one that is too old."""
    typed = text[:MAXIMUM_TYPED_CHARACTERS].upper().translate(_READ_AS)
    found = None
    if len(typed) == CODE_CHARACTERS:
        found = await _open(station, await _keys(station, f"code|{typed}"))
    if found is None:
        raise DomainError(ErrorCode.RESUME_CODE_UNKNOWN, minutes=DRAFT_AGE_S // 60)
    return found


async def forget_old(station: Station) -> None:
    """Remove ways back that have led nowhere for long."""
    moment = station.moment()
    before = (moment.time.wall_ms or 0) - KEY_AGE_S * 1000
    try:
        await station.store.write(
            moment, lambda transaction: kiosk.delete_draft_keys(transaction, before)
        )
    except DatabaseError as error:
        raise storage_error(error) from error


async def _store(station: Station, token: str, keys: _Keys) -> None:
    nonce = station.entropy(_NONCE_BYTES)
    sealed = nonce + AESGCM(keys.sealing).encrypt(nonce, token.encode(), keys.id)

    def work(transaction: Transaction) -> None:
        kiosk.save_draft_key(transaction, keys.id, sealed)

    try:
        await station.store.write(station.moment(), work)
    except DatabaseError as error:
        raise storage_error(error) from error


async def _open(station: Station, keys: _Keys) -> Found | None:
    sealed = await station.store.read(lambda connection: kiosk.find_draft_key(connection, keys.id))
    if sealed is None:
        return None
    try:
        plain = AESGCM(keys.sealing).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], keys.id)
    except InvalidTag:
        return None
    token = plain.decode()
    draft = await drafts.load(station, token)
    if draft is None or (draft.key and await intake.was_handed_in(station, draft.key)):
        return None
    return Found(token, draft)


async def _keys(station: Station, secret: str) -> _Keys:
    # The salt only keeps two stations' tables from being searched at once; the secret is the key.
    salt = f"unfinished form at {station.code}".encode()

    def derive() -> bytes:
        return hashlib.scrypt(secret.encode(), salt=salt, dklen=64, **_COST)

    async with _room:
        output = await asyncio.to_thread(derive)
    return _Keys(output[:32], output[32:])


_READ_AS: Final = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})
