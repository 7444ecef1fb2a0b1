import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.person import (
    MAXIMUM_ADDRESS_CHARACTERS,
    MAXIMUM_NAME_CHARACTERS,
    WARNING_BIRTH_YEAR,
    WARNING_PROVINCE,
    WARNING_SEX,
    Person,
    Sex,
    identity_warnings,
    make_person,
    mask_identity_number,
)


def person(**changes: str) -> Person:
    given_fields = {
        "full_name": "Nguyễn Thị Mẫu",
        "id_number": "079190000017",
        "date_of_birth": "1990-03-05",
        "sex": "female",
        "address": "12/3 Đường Ví Dụ, Phường Bà Rịa",
        "phone": "0903 123 456",
    } | changes
    return make_person(**given_fields)


def error_of(**changes: str) -> DomainError:
    with pytest.raises(DomainError) as caught:
        person(**changes)
    return caught.value


def test_a_whole_person() -> None:
    assert person() == Person(
        full_name="Nguyễn Thị Mẫu",
        id_number="079190000017",
        date_of_birth=date(1990, 3, 5),
        sex=Sex.FEMALE,
        address="12/3 Đường Ví Dụ, Phường Bà Rịa",
        phone="0903123456",
    )


def test_what_may_be_left_empty() -> None:
    bare = person(date_of_birth="", sex="", address="", phone="")
    assert (bare.date_of_birth, bare.sex, bare.address, bare.phone) == (None, None, "", "")
    assert person(address="  ", phone=" - ", date_of_birth=" ").address == ""


@pytest.mark.parametrize(
    "name",
    [
        "NGUYỄN THỊ MẪU",
        "Y Blô Mẫu Êban",
        "H'Hen Niê",
        "Trịnh Thị Tường Vy Như Ngọc Quỳnh Anh",
        "Anne-Marie O’Neil Jr.",
        "Ý",
    ],
)
def test_names_people_have(name: str) -> None:
    assert person(full_name=name).full_name == name


def test_a_name_is_trimmed_and_composed() -> None:
    spread = "  Nguyễn \t Thị  Mẫu "
    assert person(full_name=unicodedata.normalize("NFD", spread)).full_name == "Nguyễn Thị Mẫu"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", ErrorCode.NAME_MISSING),
        (" \t", ErrorCode.NAME_MISSING),
        ("Nguyễn 2", ErrorCode.NAME_INVALID),
        ("079190000017", ErrorCode.NAME_INVALID),
        ("Mẫu_", ErrorCode.NAME_INVALID),
        ("-", ErrorCode.NAME_INVALID),
        ("Mẫu\x00", ErrorCode.NAME_INVALID),
        ("M\u202eẫu", ErrorCode.NAME_INVALID),
        ("<b>Mẫu", ErrorCode.NAME_INVALID),
        ("A" * (MAXIMUM_NAME_CHARACTERS + 1), ErrorCode.NAME_TOO_LONG),
        ("A" * 100_000, ErrorCode.NAME_TOO_LONG),
    ],
)
def test_names_nobody_has(name: str, code: ErrorCode) -> None:
    assert error_of(full_name=name).code is code


def test_a_name_at_its_limit() -> None:
    longest = "A" * MAXIMUM_NAME_CHARACTERS
    assert person(full_name=longest).full_name == longest


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("", ErrorCode.IDENTITY_NUMBER_MISSING),
        ("07919000001", ErrorCode.IDENTITY_NUMBER_LENGTH),
        ("0791900000170", ErrorCode.IDENTITY_NUMBER_LENGTH),
        ("270000017", ErrorCode.IDENTITY_NUMBER_LENGTH),
        ("07919000001x", ErrorCode.IDENTITY_NUMBER_DIGITS),
        ("٠٧٩١٩٠٠٠٠٠١٧", ErrorCode.IDENTITY_NUMBER_DIGITS),
        ("²79190000017", ErrorCode.IDENTITY_NUMBER_DIGITS),
    ],
)
def test_wrong_identification_numbers(number: str, code: ErrorCode) -> None:
    assert error_of(id_number=number).code is code


def test_the_length_found_is_told_and_the_number_is_not() -> None:
    assert error_of(id_number="07919000001").params == {"length": 11}


def test_blanks_in_a_number_do_not_matter() -> None:
    assert person(id_number=" 079 190 000 017 ").id_number == "079190000017"


@pytest.mark.parametrize("text", ["1990-03-05", "05/03/1990", "5/3/1990", " 1990-03-05 "])
def test_dates_of_birth_as_they_are_typed(text: str) -> None:
    assert person(date_of_birth=text).date_of_birth == date(1990, 3, 5)


@pytest.mark.parametrize(
    "text", ["31/02/1990", "1990-13-01", "1879-12-31", "0000-01-01", "19900305", "5-3-90", "x"]
)
def test_dates_of_birth_nobody_has(text: str) -> None:
    assert error_of(date_of_birth=text).code is ErrorCode.DATE_OF_BIRTH_INVALID


def test_the_earliest_birth() -> None:
    assert person(date_of_birth="1880-01-01").date_of_birth == date(1880, 1, 1)


def test_sex_as_interfaces_and_cards_write_it() -> None:
    assert person(sex="Nam").sex is person(sex="male").sex is Sex.MALE
    assert person(sex="Nữ").sex is Sex.FEMALE
    assert error_of(sex="x").code is ErrorCode.SEX_INVALID


def test_addresses_have_a_limit_and_no_control_characters() -> None:
    longest = "x" * MAXIMUM_ADDRESS_CHARACTERS
    assert person(address=longest).address == longest
    too_long = error_of(address="x" * (MAXIMUM_ADDRESS_CHARACTERS + 1))
    assert too_long.code is ErrorCode.ADDRESS_TOO_LONG
    assert too_long.params == {"maximum": MAXIMUM_ADDRESS_CHARACTERS}
    assert error_of(address="x" * 100_000).code is ErrorCode.ADDRESS_TOO_LONG
    assert error_of(address="Hẻm\x1b[2J").code is ErrorCode.ADDRESS_INVALID
    assert person(address="Hẻm 1\nPhường 2").address == "Hẻm 1 Phường 2"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0903.123.456", "0903123456"),
        ("+84 903 123 456", "0903123456"),
        ("+84 (0)903-123-456", "0903123456"),
        ("02543123456", "02543123456"),
        ("19001234", "19001234"),
        ("+14155550123", "+14155550123"),
    ],
)
def test_telephones(typed: str, kept: str) -> None:
    assert person(phone=typed).phone == kept


@pytest.mark.parametrize("typed", ["123", "0903", "903123456789012", "090312345a", "٠٩٠٣١٢٣٤٥٦"])
def test_wrong_telephones(typed: str) -> None:
    assert error_of(phone=typed).code is ErrorCode.PHONE_INVALID


@given(
    st.fixed_dictionaries(
        dict.fromkeys(
            ("full_name", "id_number", "date_of_birth", "sex", "address", "phone"),
            st.text(max_size=40),
        )
    )
)
def test_any_text_makes_a_person_or_a_domain_error_that_repeats_nothing(
    fields: dict[str, str],
) -> None:
    try:
        made = make_person(**fields)
    except DomainError as error:
        assert all(isinstance(value, int) for value in error.params.values())  # noqa: PT017
    else:
        assert (
            make_person(
                full_name=made.full_name,
                id_number=made.id_number,
                date_of_birth=made.date_of_birth.isoformat() if made.date_of_birth else "",
                sex=made.sex or "",
                address=made.address,
                phone=made.phone,
            )
            == made
        )


def test_a_shown_number_hides_its_middle() -> None:
    assert mask_identity_number("079190000017") == "079•••••0017"
    assert mask_identity_number("270000017") == "•" * 9


def test_a_person_in_a_log_shows_nobody() -> None:
    assert repr(person()) == "Person(079•••••0017)"


def test_warnings_of_the_number() -> None:
    assert identity_warnings(person()) == ()
    assert identity_warnings(person(sex="male")) == (WARNING_SEX,)
    assert identity_warnings(person(date_of_birth="1991-03-05")) == (WARNING_BIRTH_YEAR,)
    assert identity_warnings(person(id_number="003190000017")) == (WARNING_PROVINCE,)
    assert identity_warnings(person(sex="", date_of_birth="")) == ()


@pytest.mark.parametrize(
    ("number", "sex", "year"),
    [
        ("079000000000", "male", 1900),
        ("079199000000", "female", 1999),
        ("079200000000", "male", 2000),
        ("079399000000", "female", 2099),
        ("079400000000", "male", 2100),
    ],
)
def test_the_century_digit(number: str, sex: str, year: int) -> None:
    assert identity_warnings(person(id_number=number, sex=sex, date_of_birth=f"{year}-01-01")) == ()
