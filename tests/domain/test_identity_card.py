import json
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.errors import ErrorCode
from edge_node.domain.identity_card import (
    MAXIMUM_SCAN_BYTES,
    REPEAT_WINDOW_S,
    WARNING_ADDRESS,
    WARNING_BIRTH,
    WARNING_NO_DIACRITICS,
    WARNING_REPAIRED,
    CardScan,
    RefusedScan,
    RepeatFilter,
    RoutedScan,
    parse_scan,
)
from edge_node.domain.person import WARNING_SEX, Person, Sex
from edge_node.domain.vietqr import build_payload

SAMPLES: dict[str, list[str]] = json.loads(
    (Path(__file__).parent / "vectors" / "cards.json").read_text(encoding="utf-8")
)
A1 = SAMPLES["A"][0]
ALL = [line for group in "ABC" for line in SAMPLES[group]]
MAU = Person(
    full_name="NGUYỄN THỊ MẪU",
    id_number="079190000017",
    date_of_birth=date(1990, 3, 5),
    sex=Sex.FEMALE,
    address="12/3 Đường Ví Dụ, Phường Bà Rịa, TP. Hồ Chí Minh",
)


def card(text: str) -> CardScan:
    scan = parse_scan(text.encode())
    assert isinstance(scan, CardScan), scan
    return scan


def refusal(raw: bytes | str) -> ErrorCode:
    scan = parse_scan(raw if isinstance(raw, bytes) else raw.encode())
    assert isinstance(scan, RefusedScan), scan
    return scan.code


def changed(**fields: str) -> str:
    names = ("number", "old", "name", "birth", "sex", "address", "issued")
    values = dict(zip(names, A1.split("|"), strict=True)) | fields
    return "|".join(values.values())


@pytest.mark.parametrize("line", ALL)
def test_every_sample_is_read_whole_and_without_doubt(line: str) -> None:
    scan = card(line)
    fields = line.split("|")
    assert scan.warnings == ()
    assert scan.extra_fields == len(fields) - 7
    assert scan.person.id_number == fields[0]
    assert scan.person.full_name == fields[2]
    assert scan.person.date_of_birth
    assert f"{scan.person.date_of_birth:%d%m%Y}" == fields[3]
    assert scan.person.sex is (Sex.MALE if fields[4] == "Nam" else Sex.FEMALE)
    assert scan.person.address == fields[5]
    assert scan.person.phone == ""
    assert scan.issued_on
    assert f"{scan.issued_on:%d%m%Y}" == fields[6]


def test_there_are_samples_of_every_kind_of_card() -> None:
    assert [len(SAMPLES[group]) for group in "ABC"] == [6, 6, 6]
    assert {card(line).extra_fields for line in SAMPLES["C"]} == {4}


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\t", " ", "\x00", "\x03"])
def test_1_line_ends_do_not_matter(end: str) -> None:
    assert card(A1 + end) == card("\x02" + A1) == card(A1)


def test_2_blanks_around_separators_do_not_matter() -> None:
    assert card(" " + A1.replace("|", " | ") + " ").person == MAU


def test_3_combining_marks_are_composed() -> None:
    assert card(unicodedata.normalize("NFD", A1)).person == MAU


@pytest.mark.parametrize("line", ALL)
def test_4_utf8_taken_for_latin1_is_repaired_exactly(line: str) -> None:
    scan = card(line.encode().decode("latin-1"))
    assert scan.person == card(line).person
    assert scan.warnings == (WARNING_REPAIRED,)


def as_browsers_read_cp1252(data: bytes) -> str:
    """CP1252 with its five holes filled by control characters, as the web does (WHATWG)."""
    holes = b"\x81\x8d\x8f\x90\x9d"
    return "".join(chr(b) if b in holes else bytes([b]).decode("cp1252") for b in data)


@pytest.mark.parametrize("line", ALL)
def test_4_utf8_taken_for_cp1252_is_repaired_when_nothing_was_lost(line: str) -> None:
    scan = card(as_browsers_read_cp1252(line.encode()))
    assert scan.person == card(line).person
    assert scan.warnings == (WARNING_REPAIRED,)


@pytest.mark.parametrize("errors", ["ignore", "replace"])
@pytest.mark.parametrize("line", ALL)
def test_4_what_cp1252_lost_is_never_guessed(line: str, errors: str) -> None:
    spoiled = line.encode().decode("cp1252", errors)
    if spoiled.encode("cp1252", "ignore") == line.encode():  # this line meets none of the holes
        assert card(spoiled).person == card(line).person
    else:
        assert refusal(spoiled) is ErrorCode.SCAN_UNREADABLE


def test_4_a_name_of_damaged_letters_only_is_not_taken_for_a_name() -> None:
    assert refusal(changed(name="Äinh Vn An", address="")) is ErrorCode.SCAN_UNREADABLE


def test_4_bytes_of_another_code_page_are_refused() -> None:
    assert refusal(A1.encode("utf-16")) is ErrorCode.SCAN_UNREADABLE


def test_5_a_card_without_diacritics_is_accepted_and_marked() -> None:
    scan = card(
        "079190000017|270000017|NGUYEN THI MAU|05031990|Nu|"
        "12/3 Duong Vi Du, Phuong Ba Ria, TP. Ho Chi Minh|10052021"
    )
    assert scan.person.full_name == "NGUYEN THI MAU"
    assert scan.person.sex is Sex.FEMALE
    assert scan.warnings == (WARNING_NO_DIACRITICS,)


@pytest.mark.parametrize("fields", range(2, 7))
def test_6_a_cut_read_is_refused(fields: int) -> None:
    assert refusal("|".join(A1.split("|")[:fields])) is ErrorCode.SCAN_CUT


@pytest.mark.parametrize("birth", ["31021990", "00001990", "1990", "", "05031790", "5031990x"])
def test_7_an_impossible_birth_keeps_the_rest(birth: str) -> None:
    if birth == "5031990x":
        assert refusal(changed(birth=birth)) is ErrorCode.SCAN_MANGLED
        return
    scan = card(changed(birth=birth))
    assert scan.person.date_of_birth is None
    assert scan.person.full_name == MAU.full_name
    assert scan.warnings == (WARNING_BIRTH,)


def test_7_a_lost_leading_zero_is_put_back_and_said() -> None:
    scan = card(changed(birth="5031990"))
    assert scan.person.date_of_birth == date(1990, 3, 5)
    assert scan.warnings == (WARNING_BIRTH,)


def test_8_a_sex_that_disagrees_with_the_number_is_a_warning() -> None:
    scan = card("079190000017||Nguyễn Văn Mẫu|05031990|Nam|12/3 Đường Ví Dụ|10052021")
    assert scan.person.sex is Sex.MALE
    assert scan.warnings == (WARNING_SEX,)


def test_9_address_and_issue_date_may_be_empty() -> None:
    scan = card("079190000017||Nguyễn Thị Mẫu|05031990|Nữ||")
    assert (scan.person.address, scan.issued_on, scan.warnings) == ("", None, ())


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("07919000001", ErrorCode.SCAN_NUMBER_LENGTH),
        ("0791900000170", ErrorCode.SCAN_NUMBER_LENGTH),
        ("270000017", ErrorCode.SCAN_OLD_NUMBER),
        ("07919000001O", ErrorCode.SCAN_MANGLED),
        ("٠٧٩١٩٠٠٠٠٠١٧", ErrorCode.SCAN_MANGLED),
    ],
)
def test_10_a_wrong_number_is_refused(number: str, code: ErrorCode) -> None:
    assert refusal(changed(number=number)) is code


def test_10_numbers_alone_are_no_card() -> None:
    assert refusal("270000017") is ErrorCode.SCAN_OLD_NUMBER
    assert refusal("079190000017") is ErrorCode.SCAN_CUT
    assert refusal("07919000001") is ErrorCode.SCAN_NUMBER_LENGTH


TRANSFER = build_payload(bank_number="970436", account="0000000000001", amount_vnd=15000)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (TRANSFER, "vietqr"),
        ("https://hoso.example.vn/t/AbC-1?x=2", "url"),
        ("HTTP://EXAMPLE.VN/", "url"),
        ("T26560-7KXM-00001-H", "dossier"),
        ("G01.899.909-260916-000001", "dossier"),
        ("A013", "ticket"),
        ("F1000", "ticket"),
        ("K7M3PX", "appointment"),
    ],
)
def test_11_other_codes_are_routed(text: str, kind: str) -> None:
    assert parse_scan(f"{text}\r\n".encode()) == RoutedScan(kind, text)  # type: ignore[arg-type]


def test_11_a_misread_number_of_ours_is_refused() -> None:
    assert refusal("T26560-7KXM-00001-J") is ErrorCode.SCAN_UNREADABLE


@pytest.mark.parametrize("text", ["hello", "javascript:alert(1)", "Đ", "| |", "a|b", "WIFI:S:x;;"])
def test_11_anything_else_is_no_card(text: str) -> None:
    assert refusal(text) is ErrorCode.SCAN_NOT_A_CARD


@pytest.mark.parametrize(
    "text",
    [
        # Letters with accents are lost under an input method.
        "079190000017||NGUYN TH MU|05031990|Nam|12/3 ng V D|10052021",
        "077085000025||Trn Vn Th|17091985|Nam|p Gi nh|22042021",
        "079190000017||Nguyễn Thị Mẫu|05031990|N|12/3|10052021",
        # The keystrokes themselves, not composed.
        "079190000017||Nguyeenx Thij Maaux|05031990|Nuwx|12/3|10052021",
        "079190000017||Nguye6n4 Thi5 Ma6u4|05031990|Nam|12/3|10052021",
        "079190000017||Nguyễn Thị Mẫu|Nữ|05031990|12/3|10052021",
    ],
)
def test_12_what_an_input_method_mangled_is_refused(text: str) -> None:
    assert refusal(text) is ErrorCode.SCAN_MANGLED


def test_12_short_and_foreign_sounding_names_are_not_mangled() -> None:
    for name in ("Ý", "H'Hen Niê", "Y Blô Mẫu Êban", "K Brêu", "Lý"):
        assert card(changed(name=name)).person.full_name == name


def test_13_the_same_card_twice_within_two_seconds_is_one_event() -> None:
    repeats = RepeatFilter()
    raw = A1.encode()
    assert not repeats.is_repeat(raw, 100.0)
    assert repeats.is_repeat(raw + b"\r", 100.0 + REPEAT_WINDOW_S)
    assert not repeats.is_repeat(raw, 100.0 + 2 * REPEAT_WINDOW_S + 0.1)


def test_13_a_card_left_under_the_reader_stays_one_event() -> None:
    repeats = RepeatFilter()
    reads = [repeats.is_repeat(A1.encode(), moment) for moment in (0.0, 1.5, 3.0, 4.5, 6.0)]
    assert reads == [False, True, True, True, True]


def test_13_a_clock_that_went_back_hides_no_card() -> None:
    repeats = RepeatFilter()
    assert not repeats.is_repeat(A1.encode(), 100.0)
    assert not repeats.is_repeat(A1.encode(), 99.0)


def test_13_another_card_is_another_event() -> None:
    repeats = RepeatFilter()
    assert not repeats.is_repeat(SAMPLES["A"][0].encode(), 0.0)
    assert not repeats.is_repeat(SAMPLES["A"][1].encode(), 0.1)
    assert not repeats.is_repeat(SAMPLES["A"][0].encode(), 0.2)


def test_14_noise_is_refused_before_it_is_looked_at() -> None:
    assert refusal("x|" * 2048) is ErrorCode.SCAN_TOO_LONG
    assert refusal(b"\xff" * (MAXIMUM_SCAN_BYTES + 1)) is ErrorCode.SCAN_TOO_LONG
    assert refusal(b"\xff" * MAXIMUM_SCAN_BYTES) is ErrorCode.SCAN_UNREADABLE
    assert refusal("|" * MAXIMUM_SCAN_BYTES) is ErrorCode.SCAN_NOT_A_CARD


def test_nothing_at_all() -> None:
    assert refusal(b"") is refusal(b"\r\n") is ErrorCode.SCAN_EMPTY


def test_a_name_that_cannot_be_one_is_refused() -> None:
    assert refusal(changed(name="")) is ErrorCode.SCAN_UNREADABLE
    assert refusal(changed(name="Mẫu; DROP")) is ErrorCode.SCAN_UNREADABLE


@pytest.mark.parametrize("address", ["x" * 300, "Hẻm \x1b[31m 3"])
def test_an_address_that_cannot_be_kept_is_left_out_and_said(address: str) -> None:
    scan = card(changed(address=address))
    assert scan.person.address == ""
    assert scan.warnings == (WARNING_ADDRESS,)


def test_the_raw_text_is_not_kept() -> None:
    scan = card(A1)
    assert "270000017" not in str([getattr(scan, name) for name in scan.__slots__])
    assert "MẪU" not in repr(scan)
    assert "MẪU" not in repr(scan.person)
    assert "MẪU" not in repr(vars(RepeatFilter()))


@given(st.binary(max_size=2 * MAXIMUM_SCAN_BYTES))
def test_any_bytes_have_an_outcome(raw: bytes) -> None:
    assert isinstance(parse_scan(raw), CardScan | RoutedScan | RefusedScan)


@given(st.sampled_from(ALL), st.integers(0, 300), st.integers(0, 20), st.text(max_size=20))
def test_any_damage_to_a_card_has_an_outcome(line: str, at: int, cut: int, put: str) -> None:
    raw = (line[:at] + put + line[at + cut :]).encode("utf-8", "surrogatepass")
    scan = parse_scan(raw)
    assert isinstance(scan, CardScan | RoutedScan | RefusedScan)
    if isinstance(scan, CardScan):
        assert len(scan.person.id_number) == 12
        assert not any(character.isdigit() for character in scan.person.full_name)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="|")), min_size=7))
def test_any_fields_have_an_outcome(fields: list[str]) -> None:
    fields[0] = "079190000017"
    assert isinstance(parse_scan("|".join(fields).encode()), CardScan | RefusedScan)
