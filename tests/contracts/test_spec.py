"""SPEC.md and the code say the same: limits, codes, problems, labels, statuses, vectors."""

import re
from hashlib import sha256
from typing import Final

import msgspec
import pytest

from edge_node.store.payloads import KINDS as EVENT_KINDS
from sync.city.feeds.announcements import ENTRY_LABEL, KINDS
from sync.dictionary import DICTIONARIES
from sync.protocol import cose, limits, record
from sync.protocol.batch import MEDIA_TYPE
from sync.protocol.blob import BLOB_LABEL
from sync.protocol.control_records import EVENT_LABELS
from sync.protocol.custody import CustodyReason
from sync.protocol.errors import ProtocolErrorCode
from sync.protocol.feed import FEED_LABEL, Feed, FeedKind
from sync.protocol.problems import HTTP_STATUS, problem_of
from sync.protocol.receipt import RecordStatus
from sync.protocol.record import Kind
from sync.protocol.session_extras import TOKEN_LABEL
from sync.stick.layout import Form
from tests.contracts.tree import ROOT
from tests.contracts.vectors_make import every_vector

SPEC: Final = (ROOT / "sync" / "SPEC.md").read_text()
VECTORS: Final = ROOT / "sync" / "vectors"


def section(heading: str, text: str = SPEC) -> str:
    """The text under a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of every table row, heads too, without the rules under them."""
    lines = [line for line in text.splitlines() if re.match(r"\|(?!-)", line)]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


def stated_limits(text: str) -> dict[str, int]:
    return {row[0]: int(row[1]) for row in rows(section("15. Limits", text)) if row[1].isdigit()}


def coded_limits() -> dict[str, int]:
    return {name: value for name, value in vars(limits).items() if name.isupper()}


def test_the_table_of_limits_is_the_code() -> None:
    assert stated_limits(SPEC) == coded_limits()


def test_a_changed_limit_is_noticed() -> None:
    assert stated_limits(SPEC.replace("| 1048576 |", "| 1048577 |")) != coded_limits()


def test_every_code_is_explained_with_its_problem() -> None:
    table = {row[0]: row[2] for row in rows(section("14.1 Codes")) if len(row) == 3}
    table.pop("Code")
    assert table == {code.value: problem_of(code).value for code in ProtocolErrorCode}


def test_every_problem_has_its_status() -> None:
    table = {row[0]: row[1] for row in rows(section("14.2 Problems"))}
    table.pop("Problem")
    assert table == {problem.value: str(status) for problem, status in HTTP_STATUS.items()}


def test_every_label_is_listed() -> None:
    signed = {value for name, value in vars(cose).items() if name.startswith("LABEL_")}
    table = {row[0] for row in rows(section("3. Signed objects"))} - {"Label"}
    assert table == signed


RECORD_LABELS: Final = [value for name, value in vars(record).items() if name.endswith("_LABEL")]


@pytest.mark.parametrize(
    "label", [*RECORD_LABELS, FEED_LABEL, *EVENT_LABELS.values(), TOKEN_LABEL, BLOB_LABEL]
)
def test_every_formula_has_its_label(label: bytes) -> None:
    assert f'"{label.decode().removesuffix(chr(0))}\\0"' in SPEC


def test_nothing_that_is_used_is_left_open() -> None:
    assert "reserved" not in SPEC


def test_feeds_reasons_and_control_kinds_are_listed() -> None:
    feeds = {row[0] for row in rows(section("17.1 Form"))} - {"Feed"}
    assert feeds == {f"{feed} {feed.name.lower()}" for feed in Feed}
    kinds = {row[0]: row[1] for row in rows(section("17.2 Entries")) if row[0].isdigit()}
    assert kinds == {str(int(kind)): spoken(kind.name) for kind in FeedKind}
    reasons = ", ".join(f"{reason} {spoken(reason.name)}" for reason in CustodyReason)
    assert reasons in section("9.2 Custody")
    labels = {row[0]: row[1] for row in rows(section("4.5 Records of the protocol itself"))}
    labels.pop("Kind")
    assert labels == {
        str(int(kind)): f'"{label.decode().removesuffix(chr(0))}\\0"'
        for kind, label in EVENT_LABELS.items()
    }


def test_statuses_and_kinds_are_listed() -> None:
    statuses = {row[0]: row[1] for row in rows(section("9. Receipts")) if len(row) == 3}
    statuses.pop("Status code")
    assert statuses == {str(int(code)): spoken(code.name) for code in RecordStatus}
    kinds = {row[0]: row[1] for row in rows(section("4.2 Records")) if row[0].isdigit()}
    abbreviated = {"feed acknowledgement": "feed ack"}
    kinds = {number: abbreviated.get(name, name) for number, name in kinds.items()}
    assert kinds == {str(int(kind)): spoken(kind.name) for kind in Kind}


def test_what_the_city_announces_is_listed() -> None:
    listed = {
        row[0]: row[1].replace("`", "").split(", ")
        for row in rows(section("17.2 Entries"))
        if "." in row[0]
    }
    coded = {}
    for form in KINDS:
        config = form.__struct_config__
        fields = [
            field.name if field.required else f"{field.name}?"
            for field in msgspec.structs.fields(form)
        ]
        coded[str(config.tag)] = fields
    assert listed == coded
    assert f'"{ENTRY_LABEL.decode().removesuffix(chr(0))}\\0"' in SPEC


def test_every_event_of_a_station_is_listed() -> None:
    listed = {int(row[0]): row[1] for row in rows(section("23. Events of stations"))[1:]}
    coded = {kind: str(form.__struct_config__.tag) for form, kind in EVENT_KINDS.items()}
    assert listed == coded


def test_every_form_of_file_is_listed() -> None:
    names = [row[0] for row in rows(section("12.2 Files")) if row[0].startswith(("IN/", "OUT/"))]
    assert sorted(name.rpartition(".")[2] for name in names) == sorted(form.value for form in Form)


def spoken(name: str) -> str:
    return name.lower().replace("_", " ")


def test_the_dictionaries_are_the_released_ones() -> None:
    table = {row[0]: row[1] for row in rows(section("6. Batches")) if len(row[1]) == 64}
    digests = {str(number): sha256(content).hexdigest() for number, content in DICTIONARIES.items()}
    assert table == digests


def test_the_media_type_is_stated() -> None:
    assert MEDIA_TYPE in SPEC


def test_the_vectors_are_what_the_generator_makes() -> None:
    written = {path.name: path.read_text() for path in VECTORS.glob("*.json")}
    assert written == every_vector()
