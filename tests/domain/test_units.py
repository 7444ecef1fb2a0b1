import json

import pytest

from edge_node.data import read_release
from edge_node.domain.codes import fold
from edge_node.domain.release import CatalogueError
from edge_node.domain.units import Unit, read_units, search_units

UNITS = read_units(read_release()["units.json"])
GOOD = {"code": "26560", "kind": "phuong", "name": "Phường Bà Rịa", "police_name": "Công an x"}


def refusal(*units: dict[str, str]) -> tuple[str, str]:
    content = {"city": {"code": "79", "name": "Thành phố Hồ Chí Minh"}, "units": units}
    with pytest.raises(CatalogueError) as caught:
        read_units(json.dumps(content).encode())
    return caught.value.place, caught.value.code


def test_the_units_of_the_city() -> None:
    kinds = [unit.kind for unit in UNITS.values()]
    assert len(UNITS) == 168
    assert [kinds.count(kind) for kind in ("phuong", "xa", "dac_khu")] == [113, 54, 1]
    assert UNITS["26560"].name == "Phường Bà Rịa"
    assert UNITS["26560"].police_name == "Công an phường Bà Rịa"
    assert UNITS["26732"].kind == "dac_khu"


def test_a_name_without_accents_is_not_a_key() -> None:
    assert fold(UNITS["25807"].name) == fold(UNITS["27676"].name)
    assert [unit.code for unit in search_units(UNITS, "thanh an")] == ["25807", "27676"]


def test_units_are_found_by_code_and_name() -> None:
    assert [unit.code for unit in search_units(UNITS, "Bà Rịa")] == ["26560"]
    assert [unit.code for unit in search_units(UNITS, "26560")] == ["26560"]
    assert search_units(UNITS, " ") == []
    assert all(isinstance(unit, Unit) for unit in search_units(UNITS, "phuong"))


def test_bad_units_are_refused_with_their_place() -> None:
    assert refusal(GOOD | {"code": "2656"}) == ("units.json: units[0].code", "not_a_code")
    assert refusal(GOOD, GOOD) == ("units.json: units[1].code", "duplicate")
    assert refusal(GOOD | {"kind": "xa"}) == ("units.json: units[0].name", "name_and_kind_disagree")
    assert refusal(GOOD | {"police_name": "x"}) == (
        "units.json: units[0].police_name",
        "not_a_police_name",
    )
    assert refusal(GOOD | {"kind": "quan"}) == ("units.json: units[0].kind", "form")


def test_a_unit_has_a_short_and_an_english_name() -> None:
    ward, island = UNITS["26560"], UNITS["26732"]
    assert (ward.short_name, ward.police_name_en) == ("Bà Rịa", "Bà Rịa Ward Police")
    assert (island.short_name, island.police_name_en) == ("Côn Đảo", "Côn Đảo Special Zone Police")
