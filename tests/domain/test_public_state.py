"""Seven states for the public; every state of the desk has one."""

from datetime import date

import msgspec
import pytest

from edge_node.domain.dossier import DossierState
from edge_node.domain.identity_card import CardScan, is_past_renewal
from edge_node.domain.person import Person
from edge_node.domain.public_state import PUBLIC_STATE, PublicState


def test_every_state_has_a_public_one_and_every_public_one_occurs() -> None:
    assert set(PUBLIC_STATE) == set(DossierState)
    assert set(PUBLIC_STATE.values()) == set(PublicState)
    assert len(PublicState) == 7


AGES = (25, 40)
PERSON = Person(full_name="A", id_number="0" * 12, date_of_birth=date(2000, 3, 1))


def card(issued_on: date | None, born: date | None = date(2000, 3, 1)) -> CardScan:
    person = msgspec.structs.replace(PERSON, date_of_birth=born)
    return CardScan(person, (), 0, issued_on)


@pytest.mark.parametrize(
    ("issued", "today", "ages", "doubtful"),
    [
        (date(2021, 5, 1), date(2025, 2, 28), AGES, False),
        (date(2021, 5, 1), date(2025, 3, 1), AGES, True),
        (date(2023, 3, 1), date(2030, 1, 1), AGES, False),  # issued within two years before 25
        (date(2023, 2, 28), date(2030, 1, 1), AGES, True),
        (date(2021, 5, 1), date(2030, 1, 1), (), False),  # nobody has said which ages count
        (None, date(2030, 1, 1), AGES, False),
    ],
)
def test_a_card_is_doubted_after_a_renewal_age(
    issued: date | None, today: date, ages: tuple[int, ...], *, doubtful: bool
) -> None:
    assert is_past_renewal(card(issued), today, ages) is doubtful


def test_a_leap_day_is_a_birthday_in_every_year() -> None:
    leap = card(date(2015, 1, 1), date(2000, 2, 29))
    assert not is_past_renewal(leap, date(2025, 2, 28), AGES)
    assert is_past_renewal(leap, date(2025, 3, 1), AGES)
