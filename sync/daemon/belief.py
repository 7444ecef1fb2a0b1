"""What the city said, believed or refused.

Responsible for holding welcomes, receipts, words of custody and returned records against what was
asked and sent. Rules: nothing is believed before the signature, the nonce or the batch, the log and
the root fit. Pure; the station's own roots come in as arguments. It must not know the network, the
journal or sync.db.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.daemon.assemble import SealedBatch
from sync.daemon.events import Failure, LogReport, Refusal
from sync.daemon.statements import Remembered
from sync.dictionary import DICTIONARIES
from sync.protocol import merkle
from sync.protocol.cose import LABEL_CUSTODY, split_first
from sync.protocol.custody import Custody, verify_custody
from sync.protocol.entries import Entry
from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.handshake import LogHead, LogState, Welcome, verify_welcome
from sync.protocol.heads import read_bytes
from sync.protocol.merkle import Frontier
from sync.protocol.receipt import Receipt, verify_receipt
from sync.protocol.returned import open_return, parse_return
from sync.protocol.seal import encryption_key_id

_FORGERIES: Final = frozenset(
    {
        ProtocolErrorCode.BAD_SIGNATURE,
        ProtocolErrorCode.UNKNOWN_KEY,
        ProtocolErrorCode.NONCE_MISMATCH,
    }
)


class RefusedMessageError(Exception):
    """A message of the city's that is not believed; `detail` names the field."""

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(f"{failure}: {detail}")
        self.failure = failure
        self.detail = detail


class DisagreementError(Exception):
    """A verified receipt does not fit the station's log: the city must be greeted again."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class City(NamedTuple):
    """Whose word counts."""

    city_id: bytes
    find_key: Callable[[bytes], Ed25519PublicKey | None]


class Greeting(NamedTuple):
    """What was asked, to hold the welcome against it.

    `journal`: every log the station has, when the greeting was about all of them; then the city
    may speak of others, which a card that was set back has forgotten.
    """

    nonce: bytes
    logs: Sequence[LogHead]
    journal: Collection[bytes] | None = None


def read_welcome(city: City, message: bytes, greeting: Greeting) -> Welcome:
    """The welcome that answers `greeting`. Raises RefusedMessageError.

    Every log asked for is answered once and no other is; with equal or smaller size at the city
    the root still has to be compared (`compare`).
    """
    try:
        welcome = verify_welcome(message, city.find_key, greeting.nonce)
    except ProtocolError as error:
        raise _refusal(error) from None
    if welcome.city_id != city.city_id:
        raise RefusedMessageError(Failure.FORGED, "city id")
    asked = {log.lid for log in greeting.logs}
    told = [state.lid for state in welcome.logs]
    foreign = [state for state in welcome.logs if state.lid not in asked]
    if len(set(told)) != len(told) or not asked <= set(told) or not _may_be_told(foreign, greeting):
        raise RefusedMessageError(Failure.BAD_ANSWER, "logs of the welcome")
    return welcome


def _may_be_told(foreign: Sequence[LogState], greeting: Greeting) -> bool:
    """Logs nobody asked for: the city's own knowledge of what the station has lost."""
    if greeting.journal is None:
        return not foreign
    return all(state.root == merkle.EMPTY_ROOT and state.size > 0 for state in foreign)


def compare(
    welcome: Welcome,
    greeting: Greeting,
    own_roots: Mapping[bytes, bytes],
    remembered: Mapping[bytes, Remembered],
) -> tuple[LogReport, ...]:
    """One report per log, in the order told, then those that only the city has.

    `own_roots` are at the smaller of the two sizes; `remembered` is what sync.db knows of a log.
    """
    heads = {log.lid: log for log in greeting.logs}
    journal = greeting.journal or ()
    reports = []
    for state in welcome.logs:
        head = heads.get(state.lid)
        if head is None and state.lid in journal:
            continue  # one of more logs than a greeting holds: asked about next
        known = remembered.get(state.lid, Remembered())
        reports.append(
            LogReport(
                lid=state.lid,
                own_size=head.size if head is not None else 0,
                city_size=state.size,
                applied=state.applied,
                agrees=head is None or own_roots[state.lid] == state.root,
                archived=known.archived,
                aside=known.aside,
                recovered=known.recovered,
            )
        )
    return tuple(reports)


def read_answer(city: City, message: bytes, batch: SealedBatch, nonce: bytes) -> Receipt | Custody:
    """What the city says to `batch`: a receipt, or that it keeps these bytes aside.

    Raises RefusedMessageError for anything but the city's answer to these very bytes, and
    DisagreementError when the city truly answers but has another history of the log.
    """
    try:
        return read_receipt(city, message, batch, nonce)
    except RefusedMessageError as refused:
        try:
            custody = verify_custody(message, city.find_key)
        except ProtocolError:
            raise refused from None
    same = (custody.city_id, custody.batch_digest) == (city.city_id, sha256(batch.data).digest())
    place = (custody.lid, custody.first, custody.count)
    if not same or place != (batch.lid, batch.first, batch.records):
        raise RefusedMessageError(Failure.FORGED, f"{LABEL_CUSTODY} of another batch")
    if custody.nonce is not None and custody.nonce != nonce:
        raise RefusedMessageError(Failure.FORGED, "nonce of the custody")
    return custody


def read_receipt(city: City, message: bytes, batch: SealedBatch, nonce: bytes) -> Receipt:
    """The receipt for `batch`, sent in the session of `nonce`.

    Raises RefusedMessageError for anything but the city's answer to these very bytes, and
    DisagreementError when the city truly answers but has another history of the log.
    """
    try:
        receipt = verify_receipt(message, city.find_key)
    except ProtocolError as error:
        raise _refusal(error) from None
    _check_answers(city, receipt, batch, nonce)
    if receipt.size != batch.end:
        # More than was sent: another copy of this card, or a city we do not understand.
        raise DisagreementError(Refusal.GAP)
    if receipt.root != batch.root:
        raise DisagreementError(Refusal.FORK)
    return receipt


def _check_answers(city: City, receipt: Receipt, batch: SealedBatch, nonce: bytes) -> None:
    if receipt.city_id != city.city_id:
        raise RefusedMessageError(Failure.FORGED, "city id")
    if receipt.nonce is not None and receipt.nonce != nonce:
        raise RefusedMessageError(Failure.FORGED, "nonce of the receipt")
    if receipt.lid != batch.lid or receipt.size < batch.end:
        raise RefusedMessageError(Failure.FORGED, "receipt of another batch")
    reference = receipt.batch
    if reference is None:
        raise RefusedMessageError(Failure.FORGED, "receipt without its batch")
    sent = (batch.first, batch.records, body_digest(batch.data))
    # Sealing is randomised: the digest makes a receipt worthless for any other sending.
    if (reference.first, reference.count, reference.body_digest) != sent:
        raise RefusedMessageError(Failure.FORGED, "receipt of another batch")


def body_digest(batch: bytes) -> bytes:
    """SHA-256 of the body of a batch's bytes."""
    _, rest = split_first(batch)
    return sha256(read_bytes(rest, 0)[0]).digest()


def _refusal(error: ProtocolError) -> RefusedMessageError:
    failure = Failure.FORGED if error.code in _FORGERIES else Failure.BAD_ANSWER
    return RefusedMessageError(failure, str(error.code))


class Returning(NamedTuple):
    """Which own records are expected back: of this log, from where, up to the city's size."""

    node_id: bytes
    key: X25519PrivateKey
    lid: bytes
    first: int
    frontier: Frontier
    city_size: int


def read_returned(city: City, message: bytes, asked: Returning) -> list[Entry]:
    """Own records that came back, each in its place of the log whose frontier we know.

    The city signed the root at their end; it must follow from our own root and these records.
    Raises RefusedMessageError, DisagreementError (another history).
    """
    key_id = encryption_key_id(asked.key.public_key())
    try:
        signed = parse_return(message, city.find_key, asked.node_id)
        entries = open_return(
            signed,
            find_encryption_key={key_id: asked.key}.get,
            find_dictionary=DICTIONARIES.get,
        )
    except ProtocolError as error:
        raise _refusal(error) from None
    header = signed.header
    end = header.first + header.count
    if (header.lid, header.first) != (asked.lid, asked.first) or end > asked.city_size:
        raise RefusedMessageError(Failure.BAD_ANSWER, "range of the returned records")
    grown = merkle.extend(asked.frontier, asked.first, (entry.leaf for entry in entries))
    roots = (merkle.root(asked.frontier), merkle.root(grown))
    if roots != (header.previous_root, header.root):
        raise DisagreementError(Refusal.FORK)
    return entries
