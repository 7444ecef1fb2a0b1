"""The city knows every kind of record a station of the same release writes, and the other way."""

from edge_node.store.payloads import KINDS, URGENT_KINDS, lane_of
from sync.city.vocabulary import DOSSIER_KINDS, DomainKind
from sync.protocol.record import FIRST_DOMAIN_KIND


def test_both_sides_know_the_same_kinds() -> None:
    assert set(KINDS.values()) == {int(kind) for kind in DomainKind}


def test_a_number_means_one_thing() -> None:
    assert len(set(KINDS.values())) == len(KINDS)
    assert min(KINDS.values()) >= FIRST_DOMAIN_KIND
    assert not set(KINDS.values()) & set(range(64, 128)), "those are the city's (SPEC section 4.2)"


def test_only_money_is_urgent_and_no_dossier_is() -> None:
    urgent = {kind for kind in KINDS.values() if lane_of(kind) == 0}
    assert urgent == set(KINDS.values()) & set(URGENT_KINDS)
    assert urgent
    assert not urgent & DOSSIER_KINDS
