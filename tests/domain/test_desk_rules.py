"""Claims, taking back, the one supplement, confidentiality."""

import pytest

from edge_node.data import read_release
from edge_node.domain import claim, supplement, undo
from edge_node.domain.catalogue import read_catalogue
from edge_node.domain.claim import LEASE_MS, Claim, Now
from edge_node.domain.confidential import confidential_procedures, is_confidential
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.printing import PrintState
from edge_node.domain.undo import Undoable

BOOT, OTHER = b"boot-one", b"boot-two"
HELD = Claim("minh", "2", BOOT, 1000)


def test_a_claim_keeps_others_away_until_its_lease_ends() -> None:
    last, over = Now(BOOT, 1000 + LEASE_MS - 1), Now(BOOT, 1000 + LEASE_MS)
    assert claim.is_alive(HELD, last)
    assert not claim.is_alive(HELD, over)
    claim.check(HELD, "2", last)
    claim.check(HELD, "3", over)
    claim.check(None, "3", last)
    with pytest.raises(DomainError) as refused:
        claim.check(HELD, "3", last)
    assert refused.value.code is ErrorCode.DOSSIER_CLAIMED
    assert refused.value.params == {"counter": "2"}


def test_after_a_restart_nobody_works_on_anything() -> None:
    claim.check(HELD, "3", Now(OTHER, 1001))


DECISION = Undoable(4, BOOT, 11_000)


@pytest.mark.parametrize(
    ("version", "now", "left"),
    [
        (4, Now(BOOT, 1000), 10_000),
        (4, Now(BOOT, 10_999), 1),
        (4, Now(BOOT, 11_000), 0),
        (5, Now(BOOT, 1000), 0),
        (4, Now(OTHER, 1000), 0),
    ],
)
def test_how_long_a_decision_can_be_taken_back(version: int, now: Now, left: int) -> None:
    assert undo.left_ms(DECISION, version, now) == left


def test_what_was_sent_to_a_printer_is_not_taken_back() -> None:
    now = Now(BOOT, 1000)
    undo.check(DECISION, 4, now, [])
    undo.check(DECISION, 4, now, [PrintState.QUEUED])
    for papers in ([PrintState.SENT], [PrintState.QUEUED, PrintState.PRINTED], [PrintState.FAILED]):
        with pytest.raises(DomainError):
            undo.check(DECISION, 4, now, papers)
    with pytest.raises(DomainError) as refused:
        undo.check(None, 4, now, [])
    assert refused.value.code is ErrorCode.UNDO_TOO_LATE


def test_the_one_request_is_whole_or_looked_through() -> None:
    missing = ("document:ct01", "answer:duration")
    supplement.check(0, missing, missing, reviewed=False, reason="")
    supplement.check(0, missing[:1], missing, reviewed=True, reason="")
    with pytest.raises(DomainError) as refused:
        supplement.check(0, missing[:1], missing, reviewed=False, reason="")
    assert refused.value.params == {"missing": 1}


def test_a_second_request_has_a_reason_and_makes_late() -> None:
    assert not supplement.makes_late(1)
    assert supplement.makes_late(2)
    supplement.check(1, (), (), reviewed=False, reason="giấy mờ")
    with pytest.raises(DomainError) as refused:
        supplement.check(1, (), (), reviewed=False, reason="")
    assert refused.value.code is ErrorCode.SUPPLEMENT_AGAIN


def test_denunciations_are_confidential_whatever_a_release_says() -> None:
    catalogue = read_catalogue(read_release())
    assert is_confidential(catalogue, "denunciation")
    assert not is_confidential(catalogue, "res-temporary")
    assert not is_confidential(catalogue, "no-such-procedure")
    assert "denunciation" in confidential_procedures(catalogue)
