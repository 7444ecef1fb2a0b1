import pytest

from sync.daemon.answers import Answer, Meaning, Message, meaning, seconds
from sync.daemon.events import Failed, Failure, Problem, Refusal
from sync.protocol import problems
from sync.protocol.batch import MEDIA_TYPE
from sync.protocol.problems import HTTP_STATUS, PROBLEM_MEDIA_TYPE

HTML = "text/html"
PORTAL = Failed(Failure.CAPTIVE_PORTAL)
TROUBLE = Failed(Failure.CITY_ERROR)


def answer(status: int, media_type: str, body: bytes = b"", retry_after: str = "") -> Answer:
    return Answer(status, media_type, retry_after, body, 0.25)


def named(name: str, status: int) -> Answer:
    return answer(status, PROBLEM_MEDIA_TYPE, b'{"type":"urn:wes1:problem:%s"}' % name.encode())


@pytest.mark.parametrize(
    ("came", "expected"),
    [
        (answer(200, MEDIA_TYPE, b"signed"), Message(b"signed", 0.25)),
        (answer(200, HTML, b"<form>"), PORTAL),
        (answer(200, PROBLEM_MEDIA_TYPE), PORTAL),
        (answer(201, MEDIA_TYPE), PORTAL),
        (answer(302, HTML), PORTAL),
        (answer(401, HTML), PORTAL),
        (answer(403, HTML), PORTAL),
        (answer(404, HTML), PORTAL),
        (answer(407, HTML), PORTAL),
        (answer(422, HTML), PORTAL),
        (answer(511, HTML), PORTAL),
        (answer(404, PROBLEM_MEDIA_TYPE, b'{"type":"about:blank"}'), TROUBLE),
        (answer(500, HTML), TROUBLE),
        (answer(502, HTML), TROUBLE),
        (answer(413, HTML), Problem(Refusal.TOO_LARGE, None, 7)),
        (answer(429, HTML, retry_after="30"), Problem(Refusal.BUSY, 30.0, 7)),
        (answer(503, HTML, retry_after="Sat, 01 Jan"), Problem(Refusal.BUSY, None, 7)),
        (answer(507, HTML), Problem(Refusal.STORAGE_FULL, None, 7)),
        (named("gap", 409), Problem(Refusal.GAP, None, 7)),
        (named("gap", 200), PORTAL),
        (named("unknown-key", 409), TROUBLE),
        (named("invented", 422), TROUBLE),
        (answer(422, PROBLEM_MEDIA_TYPE, b"{"), TROUBLE),
        (answer(422, PROBLEM_MEDIA_TYPE, b'{"type":7}'), TROUBLE),
    ],
)
def test_what_an_answer_means(came: Answer, expected: Meaning) -> None:
    assert meaning(came, 7) == expected


OF_OTHER_DOORS = {
    problems.Problem.CODE_REFUSED,
    problems.Problem.NO_SESSION,
    problems.Problem.NOT_FOUND,
    problems.Problem.WRONG_OFFSET,
}
"""What enrolment, feeds and uploads may answer, but no greeting and no batch."""


@pytest.mark.parametrize("problem", sorted(set(problems.Problem) - OF_OTHER_DOORS))
def test_every_problem_of_the_protocol_is_understood(problem: problems.Problem) -> None:
    said = meaning(named(problem.value, HTTP_STATUS[problem]), 1)
    assert isinstance(said, Problem)
    assert said.refusal is not Refusal.OTHER


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0.0), (" 120 ", 120.0), ("", None), ("-1", None), ("1e9", None), ("9" * 400, None)],
)
def test_only_a_delay_in_seconds_is_taken_from_retry_after(
    text: str, expected: float | None
) -> None:
    assert seconds(text) == expected
