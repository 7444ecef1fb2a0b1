"""Problem types: every refusal has one, and every one has a status."""

import pytest

from sync.protocol.errors import ProtocolError, ProtocolErrorCode
from sync.protocol.problems import HTTP_STATUS, Problem, problem_of


@pytest.mark.parametrize("code", ProtocolErrorCode)
def test_every_refusal_has_a_problem(code: ProtocolErrorCode) -> None:
    assert 400 <= HTTP_STATUS[problem_of(code)] < 500


def test_every_problem_has_a_status() -> None:
    assert set(HTTP_STATUS) == set(Problem)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (ProtocolErrorCode.NOT_CANONICAL, Problem.MALFORMED),
        (ProtocolErrorCode.GAP, Problem.GAP),
        (ProtocolErrorCode.BAD_SIGNATURE, Problem.UNKNOWN_KEY),
        (ProtocolErrorCode.UNKNOWN_DICTIONARY, Problem.UNSUPPORTED),
    ],
)
def test_problems_are_what_a_station_can_act_on(code: ProtocolErrorCode, problem: Problem) -> None:
    assert problem_of(code) is problem


def test_an_error_says_code_and_detail() -> None:
    assert str(ProtocolError(ProtocolErrorCode.GAP, "have 3")) == "gap: have 3"
    assert str(ProtocolError(ProtocolErrorCode.GAP)) == "gap"
