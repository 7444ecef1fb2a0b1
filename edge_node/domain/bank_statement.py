"""A bank's statement of a day as text: lines of money that came in, and lines that cannot be read.

Responsible for columns, dates and amounts. Rules: what a column is called, and how a date is
written, is the station's setting, because banks differ; a line that cannot be read is named by its
number and never guessed at; of a line's text only our reference is kept, because the rest names
people. Money that went out is no line of ours.
This module must not know payments, nor where a statement comes from.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Final, Literal, NamedTuple

import msgspec

from edge_node.domain.codes import fold
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.payment_reference import find_payment_references
from edge_node.domain.working_calendar import ZONE

MAXIMUM_STATEMENT_BYTES: Final = 192 << 10
MAXIMUM_LINES: Final = 1000
"""More than one ward is paid on a day; a longer statement comes in two."""

MAXIMUM_PREAMBLE_LINES: Final = 40
"""Lines above the one that names the columns: a bank's letterhead."""

MAXIMUM_LINE_VND: Final = 100_000_000_000

Reason = Literal["cells", "transaction", "amount", "date", "account", "repeated", "contradicts"]
Column = Literal["transaction", "paid_at", "amount", "description", "account"]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Names = Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=10)]
Format = Annotated[str, msgspec.Meta(pattern="%d|%j|%Y", max_length=40)]

_TRANSACTION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z./_-]{0,39}")
_WHOLE: Final = re.compile(r"([0-9]{1,15})(?:[.,]0{1,2})?")
_GROUPED: Final = re.compile(r"([0-9]{1,3})(?:(?P<group>[.,\x20])[0-9]{3})(?:(?P=group)[0-9]{3})*")
_CENTS: Final = re.compile(r"(.*[0-9])[.,]0{1,2}")
_ACCOUNT: Final = re.compile(r"[0-9A-Za-z-]{0,26}")
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class StatementForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the station's bank writes its statement (`[statement]` of the settings).

    The names are our own plain ones, not a bank's; accents and case do not matter. `amount` is the
    column of money that came in. `account` may be absent, the others may not.
    """

    transaction: Names = ("Số giao dịch", "transaction")
    paid_at: Names = ("Ngày giao dịch", "date")
    amount: Names = ("Số tiền", "amount")
    description: Names = ("Nội dung", "description")
    account: Annotated[tuple[Name, ...], msgspec.Meta(max_length=10)] = ("Tài khoản", "account")
    separator: Literal["auto", "comma", "semicolon", "tab"] = "auto"
    dates: Annotated[tuple[Format, ...], msgspec.Meta(min_length=1, max_length=10)] = (
        "%d/%m/%Y %H:%M:%S",
        "%d/%m/%Y %H:%M",
        "%d/%m/%Y",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d",
    )


class StatementLine(msgspec.Struct, frozen=True, kw_only=True):
    """Money that came in; `number` is the line of the file, `paid_at` ISO 8601, perhaps a day only.

    An empty `reference`: the text has none of ours, or several.
    """

    number: Annotated[int, msgspec.Meta(ge=1)]
    transaction: Annotated[str, msgspec.Meta(pattern=f"^{_TRANSACTION.pattern}$")]
    reference: Annotated[str, msgspec.Meta(pattern="^[0-9A-Z]{0,13}$")]
    amount_vnd: Annotated[int, msgspec.Meta(ge=1, le=MAXIMUM_LINE_VND)]
    paid_at: Annotated[str, msgspec.Meta(min_length=10, max_length=32)]
    beneficiary: Annotated[str, msgspec.Meta(pattern=f"^{_ACCOUNT.pattern}$")]


class RefusedLine(NamedTuple):
    """A line that cannot be taken, and why."""

    number: int
    reason: Reason


class Statement(NamedTuple):
    """What was read; `outgoing` counts lines of money that went out or none at all."""

    lines: tuple[StatementLine, ...]
    refused: tuple[RefusedLine, ...]
    outgoing: int


class _Table(NamedTuple):
    """Where the columns are, and from which line (index) the money begins."""

    places: Mapping[Column, int]
    separator: str
    first: int


class _BadLineError(Exception):
    """This line cannot be read."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


_SEPARATORS: Final[Mapping[str, tuple[str, ...]]] = {
    "auto": ("\t", ";", ","),
    "comma": (",",),
    "semicolon": (";",),
    "tab": ("\t",),
}


def read_text(content: bytes) -> str:
    """The text of a file. Raises DomainError: STATEMENT_TOO_LARGE, STATEMENT_UNREADABLE."""
    if len(content) > MAXIMUM_STATEMENT_BYTES:
        raise too_large()
    encoding = next((name for bom, name in _BOMS if content.startswith(bom)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise DomainError(ErrorCode.STATEMENT_UNREADABLE) from None
    if "\0" in text:
        raise DomainError(ErrorCode.STATEMENT_UNREADABLE)
    return text


def too_large() -> DomainError:
    """The refusal of a file that is larger than a day's statement can be."""
    return DomainError(ErrorCode.STATEMENT_TOO_LARGE, maximum_kib=MAXIMUM_STATEMENT_BYTES >> 10)


def read_statement(text: str, form: StatementForm, account: str = "") -> Statement:
    """What a statement says; `account` is whose it is, for lines that do not tell.

    Raises DomainError: STATEMENT_EMPTY, STATEMENT_COLUMNS_MISSING(columns), STATEMENT_TOO_LONG.
    """
    if not text.strip():
        raise DomainError(ErrorCode.STATEMENT_EMPTY)
    rows = text.splitlines()
    table = _table(rows, form)
    money = [(n, row) for n, row in enumerate(rows[table.first :], table.first + 1) if row.strip()]
    if len(money) > MAXIMUM_LINES:
        raise DomainError(ErrorCode.STATEMENT_TOO_LONG, maximum=MAXIMUM_LINES)
    lines: dict[str, StatementLine] = {}
    refused, outgoing = [], 0
    for number, row in money:
        try:
            line = _line(number, _cells(row, table.separator), table, form, account)
        except _BadLineError as error:
            refused.append(RefusedLine(number, error.reason))
            continue
        if line is None:
            outgoing += 1
        elif line.transaction in lines:
            if not _same(lines[line.transaction], line):
                refused.append(RefusedLine(number, "repeated"))
        else:
            lines[line.transaction] = line
    return Statement(tuple(lines.values()), tuple(refused), outgoing)


def _same(one: StatementLine, other: StatementLine) -> bool:
    return msgspec.structs.replace(one, number=other.number) == other


def _table(rows: Sequence[str], form: StatementForm) -> _Table:
    """The line that names the columns. Raises DomainError(STATEMENT_COLUMNS_MISSING)."""
    best: Sequence[Column] = _REQUIRED
    for index, row in enumerate(rows[:MAXIMUM_PREAMBLE_LINES]):
        for separator in _SEPARATORS[form.separator]:
            places = _places(_cells(row, separator), form)
            lacking = [name for name in _REQUIRED if name not in places]
            if not lacking:
                return _Table(places, separator, index + 1)
            best = min(best, lacking, key=len)
    missing = ", ".join(getattr(form, name)[0] for name in best)
    raise DomainError(ErrorCode.STATEMENT_COLUMNS_MISSING, columns=missing)


_REQUIRED: Final[tuple[Column, ...]] = ("transaction", "paid_at", "amount", "description")
_COLUMNS: Final[tuple[Column, ...]] = (*_REQUIRED, "account")


def _places(cells: Sequence[str], form: StatementForm) -> dict[Column, int]:
    heads = [fold(cell) for cell in cells]
    found: dict[Column, int] = {}
    for column in _COLUMNS:
        for name in getattr(form, column):
            if fold(name) in heads:
                found.setdefault(column, heads.index(fold(name)))
    return found


def _cells(row: str, separator: str) -> list[str]:
    """The cells of one line; a quote that does not end stays inside its own line."""
    try:
        (cells,) = csv.reader([row], delimiter=separator)
    except (csv.Error, ValueError):
        return []
    return [cell.strip() for cell in cells]


def _line(
    number: int, cells: list[str], table: _Table, form: StatementForm, account: str
) -> StatementLine | None:
    """One line of money in; None for money out. Raises _BadLineError."""
    if len(cells) <= max(table.places.values()):
        raise _BadLineError("cells")
    said = {name: cells[place] for name, place in table.places.items()}
    transaction = "".join(said["transaction"].split())
    if not _TRANSACTION.fullmatch(transaction):
        raise _BadLineError("transaction")
    amount_vnd = _amount(said["amount"])
    if amount_vnd <= 0:
        return None
    told = "".join(said.get("account", "").split()) or account
    if not _ACCOUNT.fullmatch(told):
        raise _BadLineError("account")
    references = find_payment_references(said["description"])
    return StatementLine(
        number=number,
        transaction=transaction,
        reference=references[0] if len(references) == 1 else "",
        amount_vnd=amount_vnd,
        paid_at=_paid_at(said["paid_at"], form),
        beneficiary=told,
    )


def _amount(text: str) -> int:
    """Whole đồng: `50000`, `50.000`, `50,000.00`, `+50 000 VND`; 0 for nothing or money out."""
    bare = re.sub(r"(?i)vnd|đ|₫", "", re.sub(r"\s", " ", text)).strip()
    if not bare or bare[0] in "-−(":
        return 0
    bare = bare.removeprefix("+").strip()
    if whole := _WHOLE.fullmatch(bare):
        digits = whole[1]
    else:
        cents = _CENTS.fullmatch(bare)
        grouped = _GROUPED.fullmatch(bare) or (cents and _GROUPED.fullmatch(cents[1]))
        if not grouped:
            raise _BadLineError("amount")
        digits = re.sub(r"[., ]", "", grouped[0])
    if int(digits) > MAXIMUM_LINE_VND:
        raise _BadLineError("amount")
    return int(digits)


def _paid_at(text: str, form: StatementForm) -> str:
    """ISO 8601: with Vietnam's offset, or the day alone when the bank tells no time."""
    for pattern in form.dates:
        try:
            moment = datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone is added below
        except ValueError:
            continue
        if "%H" not in pattern and "%I" not in pattern:
            return date(moment.year, moment.month, moment.day).isoformat()
        return moment.replace(tzinfo=ZONE).isoformat()
    raise _BadLineError("date")
