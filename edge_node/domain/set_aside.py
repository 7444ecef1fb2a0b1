"""A line of the bank that is not our money: why it is set aside, and what the catalogue offers.

Rules: a reason is one of the catalogue's, or OTHER, which needs a note; nobody's name or account is
asked for; what is set aside can be taken back. Setting aside settles nothing and owes nothing.
This module must not know payments, nor where lines are kept.
"""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Final

import msgspec

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.release import CatalogueError, decode_file

LINE_REASONS: Final = "line_reasons.json"
OTHER: Final = "other"
"""Offered always, also when a release names no reasons."""

_ID_LABEL: Final = b"edge-node/bank-line\0"
ID_BYTES: Final = 16
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class LineReason(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why money in the bank's statement may be none of ours."""

    id: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{0,39}$")]
    name_vi: Name
    name_en: Name


class _Reasons(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reasons: tuple[LineReason, ...]


def read_line_reasons(release: Mapping[str, bytes]) -> tuple[LineReason, ...]:
    """The reasons of a release, none when it has no such file. Raises CatalogueError."""
    if LINE_REASONS not in release:
        return ()
    found = decode_file(LINE_REASONS, release[LINE_REASONS], _Reasons).reasons
    known = {OTHER}
    for index, one in enumerate(found):
        if one.id in known:
            raise CatalogueError(f"{LINE_REASONS}: reasons[{index}].id", "duplicate", one.id)
        known.add(one.id)
    return found


def ground_of(reasons: tuple[LineReason, ...], chosen: str, note: str) -> str:
    """The words of a reason for books and paper; empty for OTHER, whose note says it.

    Raises DomainError(REASON_MISSING).
    """
    for one in reasons:
        if one.id == chosen:
            return one.name_vi
    if chosen == OTHER and note:
        return ""
    raise DomainError(ErrorCode.REASON_MISSING)


def line_id(transaction: str) -> bytes:
    """What the journal calls a line of the bank by: the same for the same transaction."""
    return hashlib.sha256(_ID_LABEL + transaction.encode()).digest()[:ID_BYTES]
