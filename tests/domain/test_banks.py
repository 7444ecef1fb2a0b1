import json
from collections.abc import Mapping

import pytest

from edge_node.data import read_release
from edge_node.domain.banks import read_banks
from edge_node.domain.release import CatalogueError

GOOD = {
    "bin": "970436",
    "short_name": "x",
    "name": "x",
    "swift": None,
    "vietqr": "RECEIVE_ONLY",
}


def refusal(*banks: Mapping[str, object]) -> tuple[str, str]:
    with pytest.raises(CatalogueError) as caught:
        read_banks(json.dumps({"banks": banks}).encode())
    return caught.value.place, caught.value.code


def test_banks_by_number() -> None:
    banks = read_banks(read_release()["banks.json"])
    assert banks["970436"].swift == "BFTVVNVX"
    assert banks["970436"].vietqr == "TRANSFER_SUPPORTED"
    assert len(banks) == 58


def test_no_account_is_among_the_banks() -> None:
    assert refusal(GOOD | {"account": "0000000000001"}) == ("banks.json: banks[0]", "form")


def test_bad_banks_are_refused_with_their_place() -> None:
    assert refusal(GOOD | {"bin": "97043"}) == ("banks.json: banks[0].bin", "not_a_number")
    assert refusal(GOOD, GOOD) == ("banks.json: banks[1].bin", "duplicate")
