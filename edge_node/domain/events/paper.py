"""What happens to paper that proves something: slip keys, numbers set aside for a dead node."""

from typing import TypeAlias

import msgspec


class SlipKeyAnnounced(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="slip_key.announced"
):
    """This key signs the station's slips from now on; hexadecimal (SPEC 22.3)."""

    kid: str
    public_key: str
    announced_at: str


class SlipKeyEnded(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="slip_key.ended"
):
    """The key signs no more; `positions` are (log id, size) up to which its slips stay good."""

    kid: str
    positions: tuple[tuple[str, int], ...] | None
    reason: str
    officer: str
    ended_at: str


class PaperKitMade(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="paper_kit.made"
):
    """These dossier numbers are set aside for slips written by hand."""

    kit: str
    numbers: tuple[str, ...]
    officer: str
    made_at: str


class PaperSlipEntered(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="paper_slip.entered"
):
    """What was written on a slip is in the books; times are those written, empty if none."""

    dossier_no: str
    dossier_id: str
    kit: str
    written_at: str
    promised_on: str
    fee_vnd: int
    note: str
    officer: str
    counter: str
    entered_at: str


class PaperSlipVoided(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="paper_slip.voided"
):
    """A number set aside for paper that stands for nothing."""

    dossier_no: str
    kit: str
    reason: str
    officer: str
    voided_at: str


PaperEvent: TypeAlias = (
    SlipKeyAnnounced | SlipKeyEnded | PaperKitMade | PaperSlipEntered | PaperSlipVoided
)
