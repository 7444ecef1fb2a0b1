import json
from datetime import date, timedelta
from typing import Any

import pytest

from edge_node.data import read_release
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.release import CatalogueError
from edge_node.domain.working_calendar import ZONE, read_calendar

GOOD: dict[str, Any] = {
    "first_day": "2026-11-01",
    "last_day": "2026-11-30",
    "hours": {
        "weekday": [["07:30", "11:30"], ["13:00", "17:00"]],
        "saturday_reception": [["07:30", "11:30"]],
    },
    "holidays": [{"date": "2026-11-24", "name_vi": "Ngày Văn hóa Việt Nam", "name_en": "Culture"}],
    "working_saturdays": ["2026-11-28"],
}


def read(**changes: object) -> object:
    return read_calendar(json.dumps(GOOD | changes).encode())


def test_days_of_a_calendar() -> None:
    calendar = read_calendar(json.dumps(GOOD).encode())
    assert calendar.is_working_day(date(2026, 11, 23))
    assert not calendar.is_working_day(date(2026, 11, 24))
    assert not calendar.is_working_day(date(2026, 11, 22))
    assert not calendar.is_working_day(date(2026, 11, 21))
    assert calendar.is_working_day(date(2026, 11, 28))
    assert calendar.working_day_after(date(2026, 11, 23)) == date(2026, 11, 25)
    assert calendar.working_day_from(date(2026, 11, 25)) == date(2026, 11, 25)
    assert calendar.day_length() == timedelta(hours=8)
    assert calendar.opening(date(2026, 11, 23)).isoformat() == "2026-11-23T07:30:00+07:00"
    assert calendar.closing(date(2026, 11, 23)).tzinfo is ZONE


@pytest.mark.parametrize("day", [date(2026, 10, 31), date(2026, 12, 1)])
def test_outside_its_days_a_calendar_knows_nothing(day: date) -> None:
    calendar = read_calendar(json.dumps(GOOD).encode())
    with pytest.raises(DomainError) as caught:
        calendar.is_working_day(day)
    assert caught.value.code is ErrorCode.DEADLINE_BEYOND_CALENDAR
    assert caught.value.params == {"day": str(day)}


def holiday(day: str) -> dict[str, str]:
    return {"date": day, "name_vi": "x", "name_en": "x"}


@pytest.mark.parametrize(
    ("changes", "place", "code"),
    [
        ({"last_day": "2026-10-01"}, "calendar.json: last_day", "before_first_day"),
        (
            {"holidays": [holiday("2027-01-01")]},
            "calendar.json: holidays[0].date",
            "outside_calendar",
        ),
        (
            {"holidays": [holiday("2026-11-24"), holiday("2026-11-24")]},
            "calendar.json: holidays[1].date",
            "order",
        ),
        ({"holidays": [{"date": "2026-11-31"}]}, "calendar.json: holidays[0].date", "form"),
        (
            {"working_saturdays": ["2026-11-27"]},
            "calendar.json: working_saturdays[0]",
            "not_a_free_saturday",
        ),
        (
            {"holidays": [holiday("2026-11-28")]},
            "calendar.json: working_saturdays[0]",
            "not_a_free_saturday",
        ),
        (
            {"hours": {"weekday": [], "saturday_reception": []}},
            "calendar.json: hours.weekday",
            "empty",
        ),
        (
            {"hours": {"weekday": [["7h30", "11:30"]], "saturday_reception": []}},
            "calendar.json: hours.weekday",
            "time",
        ),
        (
            {"hours": {"weekday": [["13:00", "11:30"]], "saturday_reception": []}},
            "calendar.json: hours.weekday",
            "order",
        ),
        (
            {"hours": {"weekday": [["07:30", "07:30"]], "saturday_reception": []}},
            "calendar.json: hours.weekday",
            "order",
        ),
        (
            {"hours": {"weekday": [["07:30", "11:30"], ["11:00", "17:00"]]}},
            "calendar.json: hours",
            "form",
        ),
        ({"hollidays": []}, "calendar.json", "form"),
    ],
)
def test_a_bad_calendar_is_refused_with_its_place(
    changes: dict[str, object], place: str, code: str
) -> None:
    with pytest.raises(CatalogueError) as caught:
        read(**changes)
    assert (caught.value.place, caught.value.code) == (place, code)


def test_the_built_in_calendar_says_what_is_not_decided() -> None:
    calendar = read_calendar(read_release()["calendar.json"])
    tet = calendar.uncertain_days(date(2027, 2, 1), date(2027, 2, 28))
    assert [holiday.date.day for holiday in tet] == [4, 11, 12]
    assert calendar.uncertain_days(date(2026, 1, 1), date(2026, 12, 31)) == ()
