"""Session tokens: an hour, one station, nothing stored."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sync.city.web.tokens import TOKEN_BYTES, TOKEN_LIFETIME_MS, Tokens, tokens_of
from sync.protocol.limits import MAXIMUM_TOKEN_BYTES, MINIMUM_TOKEN_BYTES

NODE = bytes(range(16))
NOW_MS = 1_795_300_000_000
RECEIPT_KEY = Ed25519PrivateKey.from_private_bytes(b"r" * 32)
TOKENS = tokens_of(RECEIPT_KEY)


def test_a_token_names_its_station_for_an_hour() -> None:
    token = TOKENS.issue(NODE, NOW_MS)
    assert TOKENS.read(token, NOW_MS) == NODE
    assert TOKENS.read(token, NOW_MS + TOKEN_LIFETIME_MS - 1) == NODE
    assert TOKENS.read(token, NOW_MS + TOKEN_LIFETIME_MS) is None


def test_a_token_fits_the_protocol() -> None:
    assert len(TOKENS.issue(NODE, NOW_MS)) == TOKEN_BYTES
    assert MINIMUM_TOKEN_BYTES <= TOKEN_BYTES <= MAXIMUM_TOKEN_BYTES


def test_another_process_of_the_same_city_knows_it() -> None:
    again = tokens_of(Ed25519PrivateKey.from_private_bytes(b"r" * 32))
    assert again.read(TOKENS.issue(NODE, NOW_MS), NOW_MS) == NODE


def test_another_city_does_not_know_it() -> None:
    other = tokens_of(Ed25519PrivateKey.from_private_bytes(b"s" * 32))
    assert other.read(TOKENS.issue(NODE, NOW_MS), NOW_MS) is None


def test_the_key_itself_is_not_the_secret() -> None:
    raw = Tokens(RECEIPT_KEY.private_bytes_raw())
    assert raw.read(TOKENS.issue(NODE, NOW_MS), NOW_MS) is None


@given(place=st.integers(0, TOKEN_BYTES * 8 - 1))
def test_no_changed_bit_passes(place: int) -> None:
    token = bytearray(TOKENS.issue(NODE, NOW_MS))
    token[place // 8] ^= 1 << place % 8
    assert TOKENS.read(bytes(token), NOW_MS) is None


@pytest.mark.parametrize("cut", [0, 1, TOKEN_BYTES - 1])
def test_a_cut_token_is_none(cut: int) -> None:
    assert TOKENS.read(TOKENS.issue(NODE, NOW_MS)[:cut], NOW_MS) is None


def test_a_longer_token_is_none() -> None:
    assert TOKENS.read(TOKENS.issue(NODE, NOW_MS) + b"x", NOW_MS) is None


@given(token=st.binary(max_size=80))
def test_nobody_guesses_one(token: bytes) -> None:
    assert TOKENS.read(token, NOW_MS) is None
