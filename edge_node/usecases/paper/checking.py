"""Is this slip ours, and what does it say? Answered without a network.

Rules: the signature and the key's end decide; then the book is looked at, because a signature says
who printed a paper and not that the dossier still is what it was. A slip of another ward is checked
with the key that the city has stated for that ward, and for no other; this station's book says
nothing about it. A paper that cannot be scanned is checked by its number and the eight characters
beside it.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge_node.domain.codes import parse_dossier_number
from edge_node.domain.errors import DomainError
from edge_node.store import dossiers, paper, stated_keys
from edge_node.store.paper import SlipKeyRow, StoodFor
from edge_node.store.stated_keys import StatedKey
from edge_node.store.unit_of_work import Connection
from edge_node.usecases.paper import codes
from edge_node.usecases.paper.codes import VIETNAM
from edge_node.usecases.station import Station
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.limits import SLIP_PART_BYTES
from sync.protocol.slip import (
    Claims,
    FindSlipKey,
    Slip,
    is_ended,
    read_slip_text,
    signing_key_id,
    slip_check,
    unverified_claims,
    verify_slip,
)

MAXIMUM_TYPED_CHARACTERS: Final = 1200
"""More than the longest address of a slip; anything longer is no slip."""

_EPOCH: Final = date(1970, 1, 1)
_CHECK_CHARACTERS: Final = 8


class Verdict(StrEnum):
    """What is said of a paper; the values are keys of words."""

    VALID = "valid"
    ENDED = "ended"
    UNKNOWN_KEY = "unknown_key"
    NOT_OURS = "not_ours"


class Book(StrEnum):
    """What the station's own book says of a valid slip."""

    MATCHES = "matches"
    DIFFERS = "differs"
    NOT_HERE = "not_here"
    UNUSED_SLIP = "unused_slip"
    VOID_SLIP = "void_slip"
    ELSEWHERE = "elsewhere"
    NOT_ASKED = "not_asked"


class Checked(NamedTuple):
    """The answer. `claims` are empty for a paper that is not ours; `state` is the dossier's."""

    verdict: Verdict
    claims: Claims | None = None
    check: str = ""
    book: Book = Book.NOT_ASKED
    dossier_id: bytes | None = None
    state: str = ""

    @property
    def elsewhere(self) -> bool:
        """Whether another ward than this one printed it, by its signature."""
        return self.book is Book.ELSEWHERE

    @property
    def issued_at(self) -> datetime | None:
        """When the slip says it was issued; advice only."""
        seconds = self.claims.issued_s if self.claims else 0
        return datetime.fromtimestamp(seconds, VIETNAM) if seconds else None

    @property
    def due_on(self) -> date | None:
        """The day the slip promises."""
        if self.claims is None or self.claims.due_day is None:
            return None
        try:
            return _EPOCH + timedelta(days=self.claims.due_day)
        except OverflowError:
            return None


NOT_OURS: Final = Checked(Verdict.NOT_OURS)


async def check(station: Station, text: str) -> Checked:
    """What a scanned or typed text is: an address, its last part, or a number with its check."""
    if len(text) > MAXIMUM_TYPED_CHARACTERS:
        return NOT_OURS
    token = _token_in(text)
    if token is not None:
        return await station.store.read(lambda c: check_token(c, station.code, token))
    spoken = _spoken(text)
    if spoken is None:
        return NOT_OURS
    return await station.store.read(lambda connection: _check_spoken(station, connection, *spoken))


def check_token(connection: Connection, code: str, token: bytes) -> Checked:
    """What a token is, by the keys and the book in this database, at the station of this code."""
    answer = judge(token, paper.keys(connection))
    if answer.verdict is Verdict.UNKNOWN_KEY:
        answer = _by_stated_key(connection, code, token, answer)
    if answer.verdict is not Verdict.VALID or answer.claims is None or answer.elsewhere:
        return answer
    return _looked_up(connection, answer, answer.claims)


def judge(token: bytes, known: Iterable[SlipKeyRow]) -> Checked:
    """What a token is, by these keys alone: needs no station and no network."""
    rows = {row.kid: row for row in known}
    try:
        slip = verify_slip(token, _finder(rows))
    except ProtocolError as error:
        if error.code is ProtocolErrorCode.UNKNOWN_KEY:
            return _strange(token)
        return NOT_OURS
    return _told(token, slip, rows[slip.kid])


def _by_stated_key(connection: Connection, code: str, token: bytes, strange: Checked) -> Checked:
    """What a token is by the keys that the city has stated; `strange` when none has its id."""
    kid = signing_key_id(token)
    answer = strange
    for row in stated_keys.with_id(connection, kid):
        key = Ed25519PublicKey.from_public_bytes(row.public_key)
        try:
            slip = verify_slip(token, {kid: key}.get)
        except ProtocolError:
            slip = None
        if slip is None or slip.claims.station != row.station:
            answer = NOT_OURS  # unless another key of this id is its
            continue
        told = _told(token, slip, row)
        return told if row.station == code else told._replace(book=Book.ELSEWHERE)
    return answer


def _told(token: bytes, slip: Slip, key: SlipKeyRow | StatedKey) -> Checked:
    ended = key.ended and is_ended(key.positions, slip.claims)
    verdict = Verdict.ENDED if ended else Verdict.VALID
    return Checked(verdict, slip.claims, slip_check(token))


def _finder(rows: dict[bytes, SlipKeyRow]) -> FindSlipKey:
    def find(kid: bytes) -> Ed25519PublicKey | None:
        row = rows.get(kid)
        return Ed25519PublicKey.from_public_bytes(row.public_key) if row else None

    return find


def _strange(token: bytes) -> Checked:
    """A slip signed by a key nobody here knows: whose it claims to be, unbelieved."""
    try:
        return Checked(Verdict.UNKNOWN_KEY, unverified_claims(token))
    except ProtocolError:
        return NOT_OURS


def _looked_up(connection: Connection, answer: Checked, claims: Claims) -> Checked:
    if claims.dossier is None:
        return answer
    row = dossiers.find_by_number(connection, claims.dossier)
    slip = paper.find_slip(connection, claims.dossier)
    if row is None:
        book = Book.NOT_HERE
        if slip is not None:
            book = Book.VOID_SLIP if slip.state.value == "void" else Book.UNUSED_SLIP
        return answer._replace(book=book)
    # A paper dossier has two kinds of slips: the written one and those printed later.
    records = [paper.of_dossier(connection, row.id)]
    if slip is not None:
        records.append(_kit_record(connection, slip.kit))
    matches = any(record is not None and _same(record, claims) for record in records)
    return answer._replace(
        book=Book.MATCHES if matches else Book.DIFFERS, dossier_id=row.id, state=row.state.value
    )


def _kit_record(connection: Connection, kit: str) -> StoodFor | None:
    position = paper.kit_position(connection, kit)
    return paper.at_position(connection, position) if position is not None else None


def _same(stood_for: StoodFor, claims: Claims) -> bool:
    return (stood_for.lid[:SLIP_PART_BYTES], stood_for.sequence) == (
        claims.lid,
        claims.sequence,
    ) and claims.leaf in (None, stood_for.leaf[:SLIP_PART_BYTES])


def _token_in(text: str) -> bytes | None:
    try:
        token = read_slip_text(text)
    except ProtocolError:
        return None
    return token if token[:1] == b"\x84" else None


def _spoken(text: str) -> tuple[str, str] | None:
    """Number and check in a text such as `T26560-7KXM-00001-3 7KXM-00H2`."""
    compact = "".join(character for character in text.upper() if character.isalnum())
    number, spoken = compact[:-_CHECK_CHARACTERS], compact[-_CHECK_CHARACTERS:]
    try:
        return str(parse_dossier_number(number)), spoken.translate(str.maketrans("ILO", "110"))
    except DomainError:
        return None


def _check_spoken(station: Station, connection: Connection, number: str, spoken: str) -> Checked:
    """Make the dossier's slips again and compare; papers of an older key cannot be told so."""
    row = dossiers.find_by_number(connection, number)
    if row is None or station.slip_key is None:
        return NOT_OURS
    promised = codes.day_number(datetime.fromisoformat(row.due_at)) if row.due_at else None
    for due_day in (promised, None):
        code = codes.of_dossier(station, connection, row.id, due_day)
        if code is not None and code.check.replace("-", "") == spoken:
            return check_token(connection, station.code, code.token)
    return NOT_OURS
