"""What the city understands of a station's records.

Responsible for: reading a domain record's JSON into the few facts the register holds. Pure. A kind
that is not listed is a newer station's; a body that does not fit is rejected, never guessed at.
It must not know where records are stored.
"""

from enum import IntEnum
from typing import Annotated, Final

import msgspec

from sync.protocol.record import CONTENT_JSON, Kind, Record


class DomainKind(IntEnum):
    """Kinds of station records; the numbers are for ever."""

    DOSSIER_SUBMITTED = 16
    DOSSIER_RECEIVED = 17
    SUPPLEMENT_REQUESTED = 18
    DOSSIER_REFUSED = 19
    ATTACHMENT_ADDED = 20
    DOSSIER_EXTENDED = 21
    DOSSIER_STOPPED = 22
    WITHDRAWAL_CHANGED = 23
    CLOCK_CHANGED = 24
    PAPERS_HANDED_ON = 25
    DOSSIER_FINISHED = 26
    RESULT_HANDED_OVER = 27
    DECISION_UNDONE = 28
    DOSSIER_MOVED = 29
    CONFLICT_RESOLVED = 30
    NOTE_WRITTEN = 31
    TICKET_ISSUED = 32
    TICKET_CALLED = 33
    TICKET_CLOSED = 34
    TICKET_PRIORITISED = 35
    TICKET_TRANSFERRED = 36
    TICKET_RETURNED = 37
    VISIT_EXTENDED = 38
    APPOINTMENT_BOOKED = 39
    APPOINTMENT_CHECKED_IN = 40
    APPOINTMENT_CANCELLED = 41
    PAYMENT_DUE = 48
    PAYMENT_QR_SHOWN = 49
    PAYMENT_CLAIMED = 50
    PAYMENT_RETRACTED = 51
    PAYMENT_CASH = 52
    PAYMENT_WAIVED = 53
    PAYMENT_ELSEWHERE = 54
    PAYMENT_ENDED = 55
    PAYMENT_REFUNDED = 56
    BANK_LINE_DECIDED = 57
    SHIFT_OPENED = 58
    SHIFT_CLOSED = 59
    PAYMENT_REOPENED = 60
    STATEMENT_TAKEN = 61
    LINE_SET_ASIDE = 62
    OFFICER_SIGNED_IN = 128
    OFFICER_MADE_TO_WAIT = 129
    OFFICER_PIN_SET = 130
    OFFICER_TOOK_OVER = 131
    SECOND_OFFICER_CONFIRMED = 132
    OFFICER_KEY_CHANGED = 133
    SESSIONS_ENDED = 134
    OFFICER_DUTY_CHANGED = 135
    SLIP_KEY_ANNOUNCED = 136
    SLIP_KEY_ENDED = 137
    PAPER_KIT_MADE = 138
    PAPER_SLIP_ENTERED = 139
    PAPER_SLIP_VOIDED = 140
    VISIT_RATED = 144
    STAFF_CALLED = 145
    STAFF_CALL_ENDED = 146
    RATING_EXPLAINED = 147
    SEAT_PAIRED = 148
    SEAT_RELEASED = 149


INITIAL_STATE: Final = "submitted"
MAXIMUM_FACT_CHARACTERS: Final = 1024
"""Characters that the register takes from one record."""

DOSSIER_KINDS: Final = frozenset(
    int(kind) for kind in DomainKind if kind < DomainKind.TICKET_ISSUED
)
"""Kinds whose subject is a dossier."""

CONTROL_KINDS: Final = frozenset(int(kind) for kind in Kind)
KNOWN_KINDS: Final = CONTROL_KINDS | frozenset(int(kind) for kind in DomainKind)


class Fact(msgspec.Struct, frozen=True):
    """What the register takes from a body; a field that is empty leaves the register as it is."""

    dossier_no: str = ""
    procedure_id: str = ""
    state: str = ""


class _Attachment(msgspec.Struct, frozen=True):
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


_decoder: Final = msgspec.json.Decoder(Fact)
_attachment_decoder: Final = msgspec.json.Decoder(_Attachment)


def read_attachment(record: Record) -> bytes | None:
    """H(cipher) of the attachment that a record of its kind speaks of; None when it has none."""
    if record.kind != DomainKind.ATTACHMENT_ADDED:
        return None
    try:
        return bytes.fromhex(_attachment_decoder.decode(record.body).sha256)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def read_fact(record: Record) -> Fact | None:
    """The facts in a domain record of a known kind; None when the body does not fit."""
    if record.content_type != CONTENT_JSON:
        return None
    if record.kind in DOSSIER_KINDS and record.subject is None:
        return None
    try:
        fact = _decoder.decode(record.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    texts = fact.dossier_no + fact.procedure_id + fact.state
    # Zero bytes and the like: no name has them, and not every database takes them.
    if len(texts) > MAXIMUM_FACT_CHARACTERS or not texts.isprintable():
        return None
    if record.kind == DomainKind.DOSSIER_SUBMITTED and not fact.state:
        return Fact(fact.dossier_no, fact.procedure_id, INITIAL_STATE)
    return fact
