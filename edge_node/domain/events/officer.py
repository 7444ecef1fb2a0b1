"""What happened around officers' accounts and screens; never a PIN, never who was looked at."""

from typing import TypeAlias

import msgspec


class OfficerSignedIn(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="officer.signed_in"
):
    """Somebody began to work at a counter; `means` is pin or passkey."""

    officer: str
    counter: str
    means: str
    signed_in_at: str


class OfficerMadeToWait(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="officer.made_to_wait"
):
    """So many wrong PINs in a row of one account on one device; `device` is an opaque name."""

    officer: str
    device: str
    failures: int
    refused_at: str


class OfficerPinSet(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="officer.pin_set"
):
    """A PIN was set: by the officer alone, or drawn anew by a chief."""

    officer: str
    by: str
    set_at: str


class OfficerTookOver(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="officer.took_over"
):
    """Another officer went on at a screen somebody had locked."""

    officer: str
    before: str
    counter: str
    taken_over_at: str


class SecondOfficerConfirmed(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="officer.confirmed_second"
):
    """A second officer signed for one decision of the first; `decision` is its key."""

    officer: str
    first: str
    decision: str
    confirmed_at: str


class OfficerKeyChanged(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="officer.key_changed"
):
    """A passkey was added to an account or taken away; `key` is an opaque name."""

    officer: str
    by: str
    key: str
    added: bool
    changed_at: str


class SessionsEnded(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="officer.sessions_ended"
):
    """A chief ended sessions: of one officer, or of everybody when `officer` is empty."""

    officer: str
    by: str
    sessions: int
    ended_at: str


class OfficerDutyChanged(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="officer.duty_changed"
):
    """A chief gave an officer a counter and roles at this station."""

    officer: str
    by: str
    counter: str
    roles: tuple[str, ...]
    changed_at: str


OfficerEvent: TypeAlias = (
    OfficerSignedIn
    | OfficerMadeToWait
    | OfficerPinSet
    | OfficerTookOver
    | SecondOfficerConfirmed
    | OfficerKeyChanged
    | SessionsEnded
    | OfficerDutyChanged
)
