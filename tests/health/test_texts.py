"""Every issue can be read, in both languages, with a cause and a remedy."""

import string

import pytest

from edge_node.health.issue import SEVERITIES, Check, IssueCode, Severity
from edge_node.health.runner import Verdict
from edge_node.web.localisation import LANGUAGES, read_messages

PARTS = ("word", "title", "detail")
JOB_PARTS = ("job", "remedy")
ALWAYS_KNOWN = {
    *("printer", "events", "dossiers", "refused", "version", "free", "failure"),
    *("aside", "alarms", "entries", "age_days", "withheld", "stuck"),
}
ALWAYS_KNOWN_BY_CODE = {
    IssueCode.CITY_LINK_GOOD: {"last_contact"},
    IssueCode.OUTBOX_EMPTY: {"last_receipt"},
    IssueCode.CITY_LINK_AWAY_LONG: {"since", "away"},
    IssueCode.CITY_LINK_AWAY_DAY: {"since", "away"},
    IssueCode.CLOCK_GOOD: {"offset"},
    IssueCode.CLOCK_OFF: {"offset"},
    IssueCode.POWER_HOT: {"temperature"},
    IssueCode.POWER_TOO_HOT: {"temperature"},
    IssueCode.SCANNER_READY: {"seats"},
    IssueCode.SCANNER_MISSING: {"seats"},
    IssueCode.CERTIFICATE_GOOD: {"days", "expires"},
    IssueCode.CERTIFICATE_RENEW: {"days", "expires"},
    IssueCode.CERTIFICATE_URGENT: {"days", "expires"},
    IssueCode.CERTIFICATE_EXPIRED: {"days", "expires"},
    IssueCode.SERVICE_RESTARTING: {"restarts"},
}


def _wanted(code: IssueCode) -> tuple[str, ...]:
    return PARTS if SEVERITIES[code] is Severity.GOOD else PARTS + JOB_PARTS


def _missing(messages: dict[str, tuple[str, ...]]) -> list[str]:
    keys = [f"status.issue.{code}.{part}" for code in IssueCode for part in _wanted(code)]
    keys += [f"status.check.{check}" for check in Check]
    keys += [f"status.verdict.{verdict}" for verdict in Verdict]
    return [key for key in keys if not messages.get(key, ("",))[0].strip()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_issue_has_all_its_texts(language: str) -> None:
    assert _missing(read_messages(language)) == []


def test_a_lost_text_would_be_noticed() -> None:
    messages = read_messages("vi")
    del messages["status.issue.disk_low.remedy"]
    assert _missing(messages) == ["status.issue.disk_low.remedy"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_with_a_value_that_may_be_unknown_has_a_plain_twin(language: str) -> None:
    messages = read_messages(language)
    lacking = []
    for code in IssueCode:
        known = ALWAYS_KNOWN | ALWAYS_KNOWN_BY_CODE.get(code, set())
        for part in ("title", "detail"):
            key = f"status.issue.{code}.{part}"
            if _fields(messages[key][0]) - known and f"{key}_plain" not in messages:
                lacking.append(key)
    assert lacking == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_remedy_is_made_of_short_steps(language: str) -> None:
    messages = read_messages(language)
    for code in IssueCode:
        if SEVERITIES[code] is not Severity.GOOD:
            steps = messages[f"status.issue.{code}.remedy"][0].split("\n")
            assert 1 <= len(steps) <= 4
            assert all(len(step) <= 120 and step.endswith(".") for step in steps)


def test_both_languages_take_the_same_values() -> None:
    vietnamese, english = read_messages("vi"), read_messages("en")
    for key in vietnamese:
        if key.startswith("status."):
            assert _fields(vietnamese[key][0]) == _fields(english[key][-1]), key


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
