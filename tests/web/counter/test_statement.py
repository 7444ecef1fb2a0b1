"""The statement of the day through the real application: looked at, taken, refused, limits."""

import re

import msgspec
import pytest
from aiohttp import FormData

from edge_node.domain.bank_statement import MAXIMUM_LINES, MAXIMUM_STATEMENT_BYTES, StatementLine
from edge_node.domain.officer import Role
from edge_node.domain.payment import PaymentState
from edge_node.usecases.payments import views
from edge_node.usecases.station import Station
from edge_node.web.app import MAXIMUM_BODY_BYTES
from tests.usecases.money_side import due, look, with_accounts
from tests.web.counter_client import Client, enter
from tests.web.counter_client import look as page_of
from tests.web.station import make_officer

PATH = "/counter/money/statement"
HEAD = "Số giao dịch;Ngày giao dịch;Số tiền;Nội dung"


@pytest.fixture
def station(station: Station) -> Station:
    return with_accounts(station)


async def post(client: Client, path: str, **fields: str | bytes) -> tuple[int, str, str]:
    """As a browser sends a form with a file."""
    form = FormData(default_to_multipart=True)
    for name, value in fields.items():
        if isinstance(value, bytes):
            form.add_field(name, value, filename="sao-ke.csv", content_type="text/csv")
        else:
            form.add_field(name, value)
    async with client.post(path, data=form, allow_redirects=False) as response:
        return response.status, await response.text(), response.headers.get("Location", "")


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1].replace("&#34;", '"').replace("&#39;", "'").replace("&amp;", "&")


async def take(client: Client, page: str) -> tuple[int, str, str]:
    return await post(client, f"{PATH}/take", key=hidden(page, "key"), lines=hidden(page, "lines"))


def statement_of(reference: str) -> str:
    return (
        f"{HEAD}\nT1;23/11/2026;15.000;TRAN THI BI MAT {reference}\nT2;23/11/2026;9.000;khac\nx\n"
    )


async def test_a_file_is_looked_at_and_then_taken(station: Station, client: Client) -> None:
    await enter(client)
    _, stood = await due(station)
    reference = (await look(station, stood.payment_id)).reference
    assert "Số giao dịch, Ngày giao dịch, Số tiền, Nội dung" in await page_of(client, PATH)
    content = statement_of(reference).encode("utf-8-sig")
    status, page, _ = await post(client, PATH, file=content, pasted="", account="")
    assert status == 200
    assert "Sao kê có 2 dòng mới" in page
    assert "<b>Dòng 4:</b>" in page
    assert "BI MAT" not in page, "a name goes no further than the file"
    assert (await look(station, stood.payment_id)).state is PaymentState.DUE
    status, _, where = await take(client, page)
    assert (status, where) == (303, "/counter/money?statement=2")
    assert (await look(station, stood.payment_id)).state is PaymentState.RECONCILED
    inbox = await page_of(client, where)
    assert "Đã ghi 2 dòng sao kê" in inbox
    assert "Nội dung không có mã thanh toán của trạm" in inbox
    assert "23/11/2026" in inbox
    assert (await take(client, page))[0] == 303, "the same press again is the same answer"
    _, again, _ = await post(client, PATH, file=content, pasted="", account="")
    assert 'id="take"' not in again
    assert "2 dòng đã ghi lần trước" in again
    assert [task.kind for task in await views.inbox(station)] == ["unmatched"]


async def test_lines_may_be_pasted_and_belong_to_the_account_that_was_chosen(
    station: Station, client: Client
) -> None:
    await enter(client)
    _, stood = await due(station)
    reference = (await look(station, stood.payment_id)).reference
    text = f"{HEAD}\r\nT1;23/11/2026;15.000;{reference}\r\n"
    for account, outcome in (
        ("970436-0000000002", "Nhầm tài khoản"),
        ("970436-0000000001", "Khớp"),
        ("nobody's", "Khớp"),
        ("", "Khớp"),
    ):
        status, page, _ = await post(client, PATH, pasted=text, account=account)
        assert status == 200
        assert f"<td>{outcome}</td>" in page, account


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"pasted": " "}, "Chưa chọn tệp"),
        ({"file": b""}, "Chưa chọn tệp"),
        ({"file": b"PK\x03\x04\xff\xfe"}, "lưu thành CSV (UTF-8)"),
        ({"pasted": "a;b\n1;2"}, "Không thấy cột: Số giao dịch, Ngày giao dịch, Số tiền, Nội dung"),
        ({"file": b"a" * (MAXIMUM_STATEMENT_BYTES + 1)}, "lớn hơn 192 KiB"),
        ({"file": b"a" * (MAXIMUM_BODY_BYTES + 1)}, "lớn hơn 192 KiB"),
    ],
)
async def test_what_is_no_statement_is_refused_with_a_remedy(
    client: Client, fields: dict[str, str | bytes], words: str
) -> None:
    await enter(client)
    status, page, _ = await post(client, PATH, **fields)
    assert status == 422
    assert words in page
    if "b" in str(fields.get("pasted", "")):
        assert "a;b\n1;2</textarea>" in page, "what was pasted stays"


async def test_the_longest_statement_passes_and_a_forged_one_does_not(client: Client) -> None:
    await enter(client)
    one = StatementLine(
        number=1, transaction="x" * 40, reference="", amount_vnd=100_000_000_000,
        paid_at="2026-11-23T08:45:00+07:00", beneficiary="y" * 26,
    )  # fmt: skip
    lines = [
        msgspec.structs.replace(one, number=n, transaction=f"{n:040d}")
        for n in range(1, MAXIMUM_LINES + 2)
    ]
    whole = msgspec.json.encode(lines[:MAXIMUM_LINES]).decode()
    status, _, where = await post(client, f"{PATH}/take", key="k" * 32, lines=whole)
    assert (status, where) == (303, f"/counter/money?statement={MAXIMUM_LINES}")
    for bad in ("", "{}", '[{"number":0}]', msgspec.json.encode(lines).decode()):
        status, _, _ = await post(client, f"{PATH}/take", key="k2", lines=bad)
        assert status == 400
    status, _, _ = await post(client, f"{PATH}/take", key="", lines=whole)
    assert status == 422


async def test_only_who_takes_money_loads_a_statement(station: Station, client: Client) -> None:
    officer = make_officer("minh", "Trần Văn Minh", "2")
    station.officers = {"minh": msgspec.structs.replace(officer, roles=(Role.OFFICER,))}
    await enter(client)
    async with client.get(PATH) as response:
        assert (response.status, 'name="pasted"' in await response.text()) == (422, False)
    line = '[{"number":2,"transaction":"T1","reference":"","amount_vnd":1,'
    line += '"paid_at":"2026-11-23","beneficiary":""}]'
    assert (await post(client, f"{PATH}/take", key="k", lines=line))[0] == 422
    assert await views.inbox(station) == []


async def test_in_english_too(client: Client) -> None:
    await enter(client)
    page = await page_of(client, f"{PATH}?lang=en")
    assert "Bank statement" in page
    assert "Or paste the lines" in page
