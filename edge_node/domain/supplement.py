"""Asking the citizen for what is missing: once, and everything at once.

Rules (Thông tư 66/2023/TT-BCA, form CT05; Quyết định 766/QĐ-TTg): the one request lists everything,
or the officer has looked at every item and says so; a second one needs a reason and counts the
dossier as late.
This module must not know how the request is written or printed.
"""

from collections.abc import Collection

from edge_node.domain.dossier import SUPPLEMENT_REQUESTS_WITHOUT_DELAY
from edge_node.domain.errors import DomainError, ErrorCode


def check(
    before: int, items: Collection[str], missing: Collection[str], *, reviewed: bool, reason: str
) -> None:
    """Whether a request may be sent; `before` requests were sent already.

    Raises DomainError: SUPPLEMENT_NOT_WHOLE(missing) for the first one that leaves something out
    unseen, SUPPLEMENT_AGAIN for a further one without a reason.
    """
    left_out = len(set(missing) - set(items))
    if left_out and not reviewed:
        raise DomainError(ErrorCode.SUPPLEMENT_NOT_WHOLE, missing=left_out)
    if makes_late(before + 1) and not reason:
        raise DomainError(ErrorCode.SUPPLEMENT_AGAIN)


def makes_late(requests: int) -> bool:
    """Whether so many requests count the dossier as late."""
    return requests > SUPPLEMENT_REQUESTS_WITHOUT_DELAY
