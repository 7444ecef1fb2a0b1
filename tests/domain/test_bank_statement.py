"""A statement's text: columns by name, amounts and dates as banks write, bad lines by number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.bank_statement import (
    MAXIMUM_LINES,
    MAXIMUM_STATEMENT_BYTES,
    StatementForm,
    StatementLine,
    read_statement,
    read_text,
)
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.payment_reference import make_payment_reference

FORM = StatementForm()
HEAD = "Số giao dịch;Ngày giao dịch;Số tiền;Nội dung;Tài khoản"
REFERENCE = make_payment_reference(bytes(range(8)))
OTHER = make_payment_reference(bytes(range(8, 16)))


def row(
    transaction: str = "FT1",
    at: str = "23/11/2026 08:45:00",
    amount: str = "15.000",
    text: str = f"MBVCB.1.{REFERENCE}.NGUYEN THI MAU ct tu",
    account: str = "0000000001",
) -> str:
    return f"{transaction};{at};{amount};{text};{account}"


Read = tuple[list[StatementLine], list[tuple[object, ...]], int]
"""Lines, refused lines, lines of money that went out."""


def read(*rows: str, head: str = HEAD, form: StatementForm = FORM) -> Read:
    found = read_statement("\n".join((head, *rows)), form)
    return list(found.lines), [tuple(one) for one in found.refused], found.outgoing


def test_a_line_keeps_our_reference_and_no_name() -> None:
    (line,), refused, outgoing = read(row())
    assert (refused, outgoing) == ([], 0)
    assert (line.number, line.transaction, line.reference) == (2, "FT1", REFERENCE)
    assert (line.amount_vnd, line.paid_at) == (15_000, "2026-11-23T08:45:00+07:00")
    assert line.beneficiary == "0000000001"
    assert "MAU" not in repr(line)


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("15000", 15_000),
        ("15.000", 15_000),
        ("15,000.00", 15_000),
        ("15.000,0", 15_000),
        ("+1 500 000 VND", 1_500_000),
        ("1.234.567 đ", 1_234_567),
        ("15000.00", 15_000),
        ("15\u00a0000", 15_000),
    ],
)
def test_amounts_as_banks_write_them(said: str, amount: int) -> None:
    (line,), refused, _ = read(row(amount=said))
    assert (line.amount_vnd, refused) == (amount, [])


@pytest.mark.parametrize("said", ["", "0", "-15.000", "−15000", "(15000)", "0,00"])
def test_money_that_went_out_is_no_line(said: str) -> None:
    assert read(row(amount=said)) == ([], [], 1)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row(transaction=""), "transaction"),
        (row(transaction="FT;1".replace(";", "!")), "transaction"),
        (row(transaction="x" * 41), "transaction"),
        (row(amount="15.00.0"), "amount"),
        (row(amount="15.000,50"), "amount"),
        (row(amount="mười lăm"), "amount"),
        (row(amount="1.234,567"), "amount"),
        (row(amount="9" * 15), "amount"),
        (row(at="11/23/2026"), "date"),
        (row(at=""), "date"),
        (row(account="STK: số 1"), "account"),
        ("FT1;23/11/2026", "cells"),
        ('FT1;23/11/2026;15000;"nội dung', "cells"),
    ],
)
def test_a_bad_line_is_refused_by_its_number_and_takes_no_other_with_it(
    bad: str, reason: str
) -> None:
    lines, refused, _ = read(row("A1"), bad, row("A2"))
    assert refused == [(3, reason)]
    assert [one.number for one in lines] == [2, 4]


def test_a_day_without_a_time_stays_a_day() -> None:
    (line,), _, _ = read(row(at="23/11/2026"))
    assert line.paid_at == "2026-11-23"


def test_no_reference_or_several_are_left_to_a_person() -> None:
    lines, _, _ = read(row("A", text="nop le phi"), row("B", text=f"{REFERENCE} {OTHER}"))
    assert [one.reference for one in lines] == ["", ""]


def test_the_same_line_twice_is_one_and_another_content_is_refused() -> None:
    lines, refused, _ = read(row(), row(), row(amount="16000"))
    assert (len(lines), refused) == (1, [(4, "repeated")])


def test_a_banks_own_columns_order_letterhead_and_separator() -> None:
    form = StatementForm(
        transaction=("Ref No",),
        paid_at=("Value date",),
        amount=("Credit",),
        description=("Remark",),
    )
    text = (
        "NGÂN HÀNG MẪU\nSao kê ngày 23/11/2026\n\n"
        "Remark,Credit,Debit,value DATE,Ref no\n"
        f'"{REFERENCE}, ct","15,000",,2026-11-23 08:45:00,X1\n'
    )
    (line,) = read_statement(text, form, "970436-0000000001").lines
    assert (line.number, line.reference, line.amount_vnd) == (5, REFERENCE, 15_000)
    assert line.beneficiary == "970436-0000000001"


def refused_with(text: str, form: StatementForm = FORM) -> DomainError:
    with pytest.raises(DomainError) as error:
        read_statement(text, form)
    return error.value


def test_columns_that_are_missing_are_named() -> None:
    error = refused_with("Số giao dịch;Số tiền\nFT1;15000\n")
    assert error.code is ErrorCode.STATEMENT_COLUMNS_MISSING
    assert error.params == {"columns": "Ngày giao dịch, Nội dung"}
    assert refused_with(" \n ").code is ErrorCode.STATEMENT_EMPTY


def test_the_limit_of_lines_and_one_beyond() -> None:
    rows = [row(f"FT{n}") for n in range(MAXIMUM_LINES)]
    assert len(read(*rows)[0]) == MAXIMUM_LINES
    error = refused_with("\n".join((HEAD, *rows, row("more"))))
    assert (error.code, error.params) == (ErrorCode.STATEMENT_TOO_LONG, {"maximum": MAXIMUM_LINES})


def test_the_limit_of_bytes_and_one_beyond() -> None:
    assert len(read_text(b"a" * MAXIMUM_STATEMENT_BYTES)) == MAXIMUM_STATEMENT_BYTES
    with pytest.raises(DomainError) as error:
        read_text(b"a" * (MAXIMUM_STATEMENT_BYTES + 1))
    assert error.value.code is ErrorCode.STATEMENT_TOO_LARGE
    assert error.value.params == {"maximum_kib": MAXIMUM_STATEMENT_BYTES >> 10}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encodings_of_spreadsheets(encoding: str) -> None:
    assert read_text(HEAD.encode(encoding)) == HEAD


@pytest.mark.parametrize("content", [b"PK\x03\x04\x00\xff", b"\xff\xfe\x00", b"a\x00b", b"\x93Sao"])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(DomainError) as error:
        read_text(content)
    assert error.value.code is ErrorCode.STATEMENT_UNREADABLE


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), max_size=12))
def test_nothing_is_lost_whatever_the_lines_are(rows: list[str]) -> None:
    """Every line with something on it is taken, refused, a repetition or not money coming in."""
    text = "\n".join((HEAD, *rows))
    found = read_statement(text, FORM)
    full = [one for one in text.splitlines()[1:] if one.strip()]
    counted = len(found.lines) + len(found.refused) + found.outgoing
    repeated = len(full) - len({"".join(one.split()) for one in full})
    assert len(full) - repeated <= counted <= len(full)
