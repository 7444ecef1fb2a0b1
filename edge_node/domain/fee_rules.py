"""What a dossier costs: by channel, person, day and case, as the catalogue has it.

Rules: the catalogue decides and the day chooses, so a relief that ends changes by itself; a fee per
person counts the persons; where several cases are possible an officer chooses one; where the
catalogue leaves the amount out it is never guessed: the officer enters it with a reason. Nothing is
waived without a legal ground that the catalogue names.
This module must not know payments, dossiers or clocks.
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal

import msgspec

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.procedure import Answer, Channel, Fee, Procedure, fees_on
from edge_node.domain.release import CatalogueError, decode_file

EXEMPTIONS = "exemptions.json"
MAXIMUM_PERSONS = 200
PERSONS_ANSWERS = ("members",)
"""Questions whose number says how many persons a dossier is for."""

Certainty = Literal["free", "certain", "choose", "unknown"]


class FeeOffer(msgspec.Struct, frozen=True, kw_only=True):
    """One amount that may apply, in đồng: `unit_vnd` for each of `persons`; `key` names it."""

    key: str
    amount_vnd: int
    unit_vnd: int
    persons: int
    per: Literal["dossier", "person"]
    condition_vi: str
    condition_en: str


class FeeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the catalogue says: `usual` is the amount that applies unless somebody chooses."""

    certainty: Certainty
    usual: FeeOffer | None
    offers: tuple[FeeOffer, ...]


class Exemption(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A legal ground to waive a fee; dates are inclusive."""

    id: str
    procedures: tuple[str, ...]
    ground_vi: str
    ground_en: str
    legal_basis: str
    valid_from: date
    valid_to: date | None = None


class _Exemptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    exemptions: tuple[Exemption, ...]


def assess(
    procedure: Procedure, day: date, channel: Channel = "in_person", persons: int = 1
) -> FeeAnswer:
    """What a dossier filed on a day costs. Raises DomainError(AMOUNT_INVALID) for the persons."""
    if not 1 <= persons <= MAXIMUM_PERSONS:
        raise DomainError(ErrorCode.AMOUNT_INVALID)
    fees = fees_on(procedure, day, channel)
    offers = tuple(_offer(index, fee, persons) for index, fee in enumerate(fees))
    usual = [one for one in offers if not one.condition_vi]
    if not offers or len({one.amount_vnd for one in usual}) > 1:
        return FeeAnswer(certainty="unknown", usual=None, offers=offers)
    if not usual:  # "free in one case" is no promise for the others
        return FeeAnswer(certainty="choose", usual=None, offers=offers)
    free = usual[0].amount_vnd == 0 and all(one.amount_vnd == 0 for one in offers)
    return FeeAnswer(certainty="free" if free else "certain", usual=usual[0], offers=offers)


def chosen(answer: FeeAnswer, key: str) -> FeeOffer:
    """The offer an officer chose, the usual one for "". Raises DomainError(FEE_UNKNOWN)."""
    for one in answer.offers:
        if one.key == key:
            return one
    if key or answer.usual is None:
        raise DomainError(ErrorCode.FEE_UNKNOWN)
    return answer.usual


def persons_of(answers: Mapping[str, Answer]) -> int:
    """How many persons a dossier is for, as it says itself; one when it does not."""
    for name in PERSONS_ANSWERS:
        value = answers.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 1:
            return min(value, MAXIMUM_PERSONS)
    return 1


def exemptions_for(
    exemptions: tuple[Exemption, ...], procedure_id: str, day: date
) -> tuple[Exemption, ...]:
    """The legal grounds that may waive a procedure's fee on a day."""
    return tuple(
        one
        for one in exemptions
        if procedure_id in one.procedures
        and one.valid_from <= day
        and (one.valid_to is None or day <= one.valid_to)
    )


def read_exemptions(release: Mapping[str, bytes]) -> tuple[Exemption, ...]:
    """The legal grounds of a release, none when it has no such file. Raises CatalogueError."""
    if EXEMPTIONS not in release:
        return ()
    found = decode_file(EXEMPTIONS, release[EXEMPTIONS], _Exemptions).exemptions
    for index, one in enumerate(found):
        place = f"{EXEMPTIONS}: exemptions[{index}]"
        if one.id in {other.id for other in found[:index]}:
            raise CatalogueError(f"{place}.id", "duplicate", one.id)
        if not (one.ground_vi and one.ground_en and one.legal_basis):
            raise CatalogueError(f"{place}.legal_basis", "text", "empty")
        if one.valid_to is not None and one.valid_to < one.valid_from:
            raise CatalogueError(f"{place}.valid_to", "before_valid_from")
    return found


def _offer(index: int, fee: Fee, persons: int) -> FeeOffer:
    count = persons if fee.per == "person" else 1
    return FeeOffer(
        key=f"{index}-{fee.amount_vnd}-{fee.per}",
        amount_vnd=fee.amount_vnd * count,
        unit_vnd=fee.amount_vnd,
        persons=count,
        per=fee.per,
        condition_vi=fee.condition_vi,
        condition_en=fee.condition_en,
    )
