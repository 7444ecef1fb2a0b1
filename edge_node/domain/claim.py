"""One dossier, one writer: which counter works on a dossier.

Rules: a claim belongs to a counter, is kept alive by working, and ends by itself when nobody works;
after a restart of the machine nobody works on anything. Somebody else may take over, openly: the
claim remembers from whom. Times are of the monotonic clock, so that setting a clock frees nothing.
This module must not know where claims are kept.
"""

from typing import Final, NamedTuple

from edge_node.domain.errors import DomainError, ErrorCode

LEASE_MS: Final = 15 * 60 * 1000
"""How long a claim holds after the last thing its counter did with the dossier."""


class Claim(NamedTuple):
    """A counter at work on a dossier; `renewed_ms` counts from the boot named."""

    officer: str
    counter: str
    boot_id: bytes
    renewed_ms: int


class Now(NamedTuple):
    """This moment by the monotonic clock of this boot."""

    boot_id: bytes
    mono_ms: int


def is_alive(claim: Claim, now: Now) -> bool:
    """Whether the claim still keeps others away."""
    return claim.boot_id == now.boot_id and now.mono_ms - claim.renewed_ms < LEASE_MS


def check(claim: Claim | None, counter: str, now: Now) -> None:
    """Before a counter changes a dossier. Raises DomainError(DOSSIER_CLAIMED, counter)."""
    if claim is not None and claim.counter != counter and is_alive(claim, now):
        raise DomainError(ErrorCode.DOSSIER_CLAIMED, counter=claim.counter)
