"""Refusals of the JSON interface: stable codes, words in two languages, nothing of our insides."""

import logging
from collections.abc import AsyncIterator

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.errors import DomainError, ErrorCode, Fault
from edge_node.usecases.intake import SubmitDossier
from edge_node.web.keys import TRANSLATORS
from edge_node.web.localisation import load_translators
from edge_node.web.problems import answer_with_problems, malformed, status_of
from tests.web.lan import refusal
from tests.web.pages import Browser

SECRET = "Nguyễn Thị Mẫu 079190000017"
FAILURES: dict[str, Exception] = {
    "unexpected": ValueError(SECRET),
    "stored": msgspec.ValidationError(f"Expected `int` - at `$.{SECRET}`"),
    "gone": web.HTTPGone(text=SECRET),
    "busy": DomainError(ErrorCode.BUSY, fault=Fault.STATION),
    "full": DomainError(ErrorCode.STORAGE_FULL, fault=Fault.STATION),
    "length": DomainError(ErrorCode.IDENTITY_NUMBER_LENGTH, length=11),
}


@pytest.fixture
async def lan() -> AsyncIterator[Browser]:
    """An interface on which everything goes wrong."""

    async def fail(request: web.Request) -> web.Response:
        raise FAILURES[request.match_info["how"]]

    app = web.Application()
    app[TRANSLATORS] = load_translators()
    app.router.add_get("/{how}", answer_with_problems(fail))
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.mark.parametrize(
    ("accepted", "title"),
    [
        (None, "Số căn cước có 12 chữ số. Quý vị đã gõ 11."),
        ("vi", "Số căn cước có 12 chữ số. Quý vị đã gõ 11."),
        ("fr-FR, en;q=0.3", "Số căn cước có 12 chữ số. Quý vị đã gõ 11."),
        ("en", "An ID number has 12 digits. You typed 11."),
        ("EN-gb,en;q=0.9", "An ID number has 12 digits. You typed 11."),
    ],
)
async def test_words_are_vietnamese_unless_english_is_asked(
    lan: Browser, accepted: str | None, title: str
) -> None:
    headers = {} if accepted is None else {"Accept-Language": accepted}
    problem = await refusal(await lan.get("/length", headers=headers), 422)
    assert problem["title"] == title
    assert (problem["code"], problem["params"]) == ("identity_number_length", {"length": 11})
    assert problem["fault"] == "caller"


async def test_the_unexpected_tells_the_client_nothing_and_the_log_where(
    lan: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    answer = await lan.get("/unexpected")
    assert SECRET not in await answer.text()
    problem = await refusal(answer, 500)
    assert (problem["code"], problem["fault"]) == ("internal", "station")
    (record,) = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert record.getMessage() == "GET <DynamicResource  /{how}> failed"


async def test_damage_in_our_own_store_is_not_the_clients_fault(lan: Browser) -> None:
    answer = await lan.get("/stored")
    assert SECRET not in await answer.text()
    assert (await refusal(answer, 500))["code"] == "internal"


async def test_what_the_framework_refuses_is_a_problem_too(lan: Browser) -> None:
    answer = await lan.get("/gone")
    assert SECRET not in await answer.text()
    assert (await refusal(answer, 400))["code"] == "body_malformed"


async def test_a_client_is_told_when_trying_again_makes_sense(lan: Browser) -> None:
    busy, full = await lan.get("/busy"), await lan.get("/full")
    await refusal(busy, 503)
    await refusal(full, 507)
    assert int(busy.headers["Retry-After"]) > 0
    assert "Retry-After" not in full.headers


def test_every_code_has_a_status_of_an_error() -> None:
    assert all(400 <= status_of(code) <= 599 for code in ErrorCode)
    assert status_of(ErrorCode.PROCEDURE_UNKNOWN) == 422


WRONG = st.one_of(st.none(), st.floats(allow_nan=False), st.lists(st.integers()), st.integers())


@given(st.text(min_size=5), WRONG)
def test_the_place_is_told_and_never_a_value(value: str, wrong: object) -> None:
    body = {
        "procedure_id": value,
        "applicant": {"full_name": value, "id_number": wrong},
        "answers": {value: value},
    }
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(body, SubmitDossier)
    params = malformed(raised.value).params
    assert params["place"] == "applicant.id_number"
    assert str(params["reason"]).startswith("Expected `str`, got `")


def test_long_names_of_clients_are_cut() -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert({"x" * 5000: 1}, SubmitDossier)
    assert len(str(malformed(raised.value).params["reason"])) <= 120
