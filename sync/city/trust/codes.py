"""One-time codes: how the operator's word reaches a station that no key of the city knows yet.

Responsible for: what a code is still good for (`judge`, a table without time or memory of its own)
and keeping one code per station. Rules: a code lives 72 hours at most, bears five wrong tries and
takes in one station; a new code for a station ends the one before. Whoever used a code may ask
again with the same keys, because the answer may have been lost on its way. Of two requests at one
moment, in one process or in two, one wins. It must not know how requests are signed.
"""

import hmac
from collections.abc import Callable
from enum import StrEnum
from typing import Final, NamedTuple

from sync.city.shelf import Shelf
from sync.protocol.canonical import decode, encode
from sync.protocol.errors import ProtocolError
from sync.protocol.fields import ControlMap, bytes_of
from sync.protocol.limits import CODE_BYTES, CODE_LIFETIME_MS, CODE_TRIES, DIGEST_BYTES

CODES: Final = "codes"

MAXIMUM_LIFETIME_HOURS: Final = CODE_LIFETIME_MS // 3_600_000
MAXIMUM_TRIES: Final = CODE_TRIES
"""Wrong tries after which a code is dead, also for who knows it."""

_HOUR_MS: Final = 3_600_000
_KEYS: Final = frozenset(range(1, 7))


class IssuedCode(NamedTuple):
    """A code as the city keeps it.

    `tries` counts the wrong ones; `used_by` is the digest of who was taken in with it; `name` is
    what the operator calls the station.
    """

    station: int
    secret: bytes
    expires_ms: int
    name: str = ""
    tries: int = 0
    used_by: bytes | None = None


class Claim(NamedTuple):
    """Who asks: the digest of a station's id and keys, and whether it showed the secret."""

    who: bytes
    proved: bool


class Verdict(StrEnum):
    """What a claim is answered; all but the first two are refusals a person reads about."""

    TAKE_IN = "take_in"
    REPEAT = "repeat"
    NO_CODE = "code_unknown"
    WRONG = "code_wrong"
    EXPIRED = "code_expired"
    USED = "code_used"
    EXHAUSTED = "code_tries"


GOOD: Final = frozenset({Verdict.TAKE_IN, Verdict.REPEAT})


def judge(code: IssuedCode | None, claim: Claim, now_ms: int) -> Verdict:
    """What becomes of a claim. A code that is past or dead tells nobody whether they guessed it."""
    if code is None:
        return Verdict.NO_CODE
    if code.tries >= MAXIMUM_TRIES:
        return Verdict.EXHAUSTED
    if now_ms >= code.expires_ms:
        return Verdict.EXPIRED
    if not claim.proved:
        return Verdict.WRONG
    if code.used_by is None:
        return Verdict.TAKE_IN
    return Verdict.REPEAT if hmac.compare_digest(code.used_by, claim.who) else Verdict.USED


def after(code: IssuedCode, claim: Claim, verdict: Verdict) -> IssuedCode:
    """The code once a claim was judged so."""
    if verdict is Verdict.WRONG:
        return code._replace(tries=code.tries + 1)
    if verdict is Verdict.TAKE_IN:
        return code._replace(used_by=claim.who)
    return code


def expiry_ms(now_ms: int, hours: int) -> int:
    """When a code made now ends. Raises ValueError outside 1 to 72 hours."""
    if not 1 <= hours <= MAXIMUM_LIFETIME_HOURS:
        raise ValueError(f"a code lives 1 to {MAXIMUM_LIFETIME_HOURS} hours")
    return now_ms + hours * _HOUR_MS


class CodeBook:
    """The codes on the shelf, one per station."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def issue(self, code: IssuedCode) -> None:
        """Keep a new code; the station's earlier one is gone."""
        await self._shelf.write(CODES, _name(code.station), _pack(code))

    async def find(self, station: int) -> IssuedCode | None:
        """The station's code, whatever state it is in."""
        content = await self._shelf.read(CODES, _name(station))
        return None if content is None else _unpack(station, content)

    async def present(
        self, station: int, claim_of: Callable[[bytes], Claim], now_ms: int
    ) -> tuple[Verdict, IssuedCode | None]:
        """Judge who says to be `station`, and keep what follows before anything else happens.

        `claim_of` makes the claim against a code's secret.
        """
        while True:
            content = await self._shelf.read(CODES, _name(station))
            code = None if content is None else _unpack(station, content)
            claim = claim_of(code.secret if code else bytes(CODE_BYTES))
            verdict = judge(code, claim, now_ms)
            if code is None:
                return verdict, None
            changed = after(code, claim, verdict)
            if changed == code:
                return verdict, code
            if await self._shelf.swap(CODES, _name(station), content, _pack(changed)):
                return verdict, changed


def _name(station: int) -> str:
    return str(station)


def _pack(code: IssuedCode) -> bytes:
    return encode(
        {
            1: code.secret,
            2: code.expires_ms,
            3: code.name,
            4: code.tries,
            5: code.used_by,
            6: code.station,
        }
    )


def _unpack(station: int, content: bytes) -> IssuedCode | None:
    """The code; None for a content that is damaged, as if it had never been made."""
    try:
        fields = ControlMap(decode(content), _KEYS)
        if fields.unsigned(6) != station:
            return None
        return IssuedCode(
            station=station,
            secret=fields.bytes_of(1, CODE_BYTES),
            expires_ms=fields.unsigned(2),
            name=fields.text(3),
            tries=fields.unsigned(4),
            used_by=fields.optional(5, lambda value, key: bytes_of(value, DIGEST_BYTES, key)),
        )
    except ProtocolError:
        return None
