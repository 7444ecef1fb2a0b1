"""What the public is told of a dossier: seven states, in the order people meet them.

Rules: every state of the desk has exactly one public state; a public state never says more than the
paper the citizen holds. Must not know: words, dates, who asks.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from edge_node.domain.dossier import DossierState


class PublicState(StrEnum):
    """đã tiếp nhận, đang xử lý, cần bổ sung, chờ nơi khác, có kết quả, đã trả, từ chối."""

    RECEIVED = "received"
    IN_PROCESS = "in_process"
    SUPPLEMENT = "supplement"
    ELSEWHERE = "elsewhere"
    READY = "ready"
    HANDED_OVER = "handed_over"
    REFUSED = "refused"


PUBLIC_STATE: Mapping[DossierState, PublicState] = MappingProxyType(
    {
        DossierState.SUBMITTED: PublicState.RECEIVED,
        DossierState.RECEIVED: PublicState.RECEIVED,
        DossierState.IN_PROCESS: PublicState.IN_PROCESS,
        DossierState.SUPPLIED: PublicState.IN_PROCESS,
        DossierState.WITHDRAWAL_REQUESTED: PublicState.IN_PROCESS,
        # The move is the citizen's: papers or money.
        DossierState.SUPPLEMENT_REQUESTED: PublicState.SUPPLEMENT,
        DossierState.PAYMENT_REQUESTED: PublicState.SUPPLEMENT,
        DossierState.PAUSED: PublicState.ELSEWHERE,
        DossierState.FINISHED: PublicState.READY,
        DossierState.HANDED_OVER: PublicState.HANDED_OVER,
        # Over without a result; which way it ended stands on the citizen's own paper.
        DossierState.REFUSED: PublicState.REFUSED,
        DossierState.STOPPED: PublicState.REFUSED,
        DossierState.WITHDRAWN: PublicState.REFUSED,
    }
)
