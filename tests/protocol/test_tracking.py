"""Tokens of tracking pages: one spelling each, unguessable, and bound to their day."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol.tracking import (
    DOSSIER_ID_BYTES,
    TICKET_PROOF_BYTES,
    TOKEN_CHARACTERS,
    dossier_token,
    is_of_ticket,
    read_token,
    ticket_token,
)

KEY = bytes(range(32))
DAY = "2026-11-23"


@given(st.binary(min_size=DOSSIER_ID_BYTES, max_size=DOSSIER_ID_BYTES))
def test_a_dossiers_token_is_its_id(dossier_id: bytes) -> None:
    text = dossier_token(dossier_id)
    assert len(text) == TOKEN_CHARACTERS
    assert text == text.upper()
    for spelled in (text, text.lower()):
        token = read_token(spelled)
        assert token is not None
        assert (token.kind, token.value) == ("dossier", dossier_id)
        assert not is_of_ticket(token, KEY, DAY)


@given(st.integers(0, 2**32 - 1))
def test_a_number_is_known_by_its_key_and_day_only(row: int) -> None:
    token = read_token(ticket_token(KEY, row, DAY))
    assert token is not None
    assert token.ticket_row == row
    assert is_of_ticket(token, KEY, DAY)
    assert not is_of_ticket(token, KEY, "2026-11-24")
    assert not is_of_ticket(token, bytes(32), DAY)
    other = token._replace(value=(row ^ 1).to_bytes(4, "big") + token.value[4:])
    assert not is_of_ticket(other, KEY, DAY)


@given(st.text(max_size=40))
def test_anything_else_is_no_token(text: str) -> None:
    token = read_token(text)
    assert token is None or len(text) == TOKEN_CHARACTERS


def test_eighty_bits_at_least_are_secret() -> None:
    assert TICKET_PROOF_BYTES * 8 >= 80
    assert (DOSSIER_ID_BYTES - 6) * 8 >= 80


def test_one_token_has_one_spelling() -> None:
    text = dossier_token(bytes(16))
    assert read_token(text[:-1] + "B") is None


def test_an_id_of_another_length_has_no_token() -> None:
    with pytest.raises(ValueError, match="sixteen"):
        dossier_token(bytes(15))
