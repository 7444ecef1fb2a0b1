"""The transfer code of one payment: one obligation, one ledger, one account of the signed release.

Rules: a code is for one payment only; a fee never goes to a fine's account nor a fine to a fee's;
the purpose holds the reference and nothing else.
This module must not know where accounts come from.
"""

from edge_node.domain.beneficiaries import Beneficiary, Ledger
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.payment_reference import make_purpose
from edge_node.domain.vietqr import MAXIMUM_AMOUNT_VND, build_payload


def check_amount(amount_vnd: int) -> int:
    """An amount one payment may have. Raises DomainError: AMOUNT_INVALID, AMOUNT_TOO_LARGE."""
    if amount_vnd < 1:
        raise DomainError(ErrorCode.AMOUNT_INVALID)
    if amount_vnd > MAXIMUM_AMOUNT_VND:
        raise DomainError(ErrorCode.AMOUNT_TOO_LARGE, maximum=MAXIMUM_AMOUNT_VND)
    return amount_vnd


def transfer_code(beneficiary: Beneficiary, ledger: Ledger, amount_vnd: int, reference: str) -> str:
    """The VietQR payload. Raises DomainError(LEDGERS_MIXED) and as `build_payload`."""
    if beneficiary.ledger is not ledger:
        raise DomainError(ErrorCode.LEDGERS_MIXED)
    return build_payload(
        bank_number=beneficiary.bank_number,
        account=beneficiary.account,
        amount_vnd=check_amount(amount_vnd),
        additional={"08": make_purpose(reference)},
    )
