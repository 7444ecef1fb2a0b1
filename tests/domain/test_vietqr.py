import binascii
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.payment_reference import make_payment_reference, make_purpose
from edge_node.domain.vietqr import (
    MAXIMUM_AMOUNT_VND,
    MAXIMUM_PAYLOAD_CHARACTERS,
    PayloadError,
    PayloadFault,
    Transfer,
    build_payload,
    parse_payload,
)

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "vectors" / "vietqr.json").read_text(encoding="utf-8")
)
VALID = {vector["id"]: vector for vector in VECTORS["valid"]}
INVALID = {vector["id"]: vector["payload"] for vector in VECTORS["invalid"]}
OTHER_SCHEMES = [vector["payload"] for vector in VECTORS["other_schemes"]]
# Written by others in ways we read and never write: other order, amount in a static code, merchant
# tags, another service, lower-case CRC.
READ_ONLY = {
    "tag-order-62-before-38",
    "timo-static-with-amount",
    "all-tags-merchant",
    "lowercase-crc",
}
TO_US: dict[str, Any] = {"bank_number": "970436", "account": "0000000000001"}


def with_crc(body: str) -> str:
    return f"{body}6304{binascii.crc_hqx(f'{body}6304'.encode(), 0xFFFF):04X}"


def fault_of(payload: str) -> tuple[PayloadFault, str]:
    with pytest.raises(PayloadError) as caught:
        parse_payload(payload)
    return caught.value.fault, caught.value.tag


def build_error(**changes: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        build_payload(**({**TO_US, "amount_vnd": 15000} | changes))
    return caught.value


def test_the_check_sum_of_the_specification() -> None:
    assert binascii.crc_hqx(b"123456789", 0xFFFF) == 0x29B1


@pytest.mark.parametrize("name", VALID)
def test_every_valid_vector_is_read(name: str) -> None:
    fields = VALID[name]["fields"]
    amount = fields.get("amount")
    assert parse_payload(VALID[name]["payload"]) == Transfer(
        bank_number=fields["bin"],
        account=fields["account"],
        service=fields.get("service", ""),
        initiation=fields["initiation"],
        amount_vnd=int(amount) if amount else None,
        additional=fields.get("additional", {}),
    )


@pytest.mark.parametrize("name", sorted(VALID.keys() - READ_ONLY))
def test_the_builder_makes_the_vectors_byte_for_byte(name: str) -> None:
    fields = VALID[name]["fields"]
    amount = fields.get("amount")
    built = build_payload(
        bank_number=fields["bin"],
        account=fields["account"],
        amount_vnd=int(amount) if amount else None,
        additional=fields.get("additional", {}),
        service=fields["service"],
    )
    assert built == VALID[name]["payload"]


@pytest.mark.parametrize(
    ("name", "fault", "tag"),
    [
        ("napas-6-1-1-as-printed", PayloadFault.HEADER, "38.01.8"),
        ("wrong-crc-one-digit", PayloadFault.CRC, "63"),
        ("wrong-crc-amount-changed", PayloadFault.CRC, "63"),
        ("documentation-sample-wrong-crc", PayloadFault.CRC, "63"),
        ("no-guid", PayloadFault.CRC, "63"),
        ("diacritics-utf8", PayloadFault.NOT_ASCII, ""),
    ],
)
def test_every_invalid_vector_is_refused_by_name(name: str, fault: PayloadFault, tag: str) -> None:
    assert fault_of(INVALID[name]) == (fault, tag)


def test_no_invalid_vector_is_forgotten() -> None:
    assert len(INVALID) == 6


@pytest.mark.parametrize("payload", OTHER_SCHEMES)
def test_another_scheme_is_not_called_broken(payload: str) -> None:
    assert fault_of(payload)[0] is PayloadFault.NOT_VIETQR


PAYEE = "0006970436" + "01130000000000001"
BENEFICIARY = f"0010A0000007270127{PAYEE}0208QRIBFTTA"
HEAD = "000201010211"
TAIL = "53037045802VN"


def whole(beneficiary: str = BENEFICIARY, head: str = HEAD, tail: str = TAIL) -> str:
    return with_crc(f"{head}38{len(beneficiary):02d}{beneficiary}{tail}")


def test_the_hand_made_code_is_sound() -> None:
    assert whole() == build_payload(**TO_US)


@pytest.mark.parametrize(
    ("payload", "fault", "tag"),
    [
        ("", PayloadFault.NO_CRC, "63"),
        ("6304", PayloadFault.NO_CRC, "63"),
        (whole()[:-4] + "ZZZZ", PayloadFault.NO_CRC, "63"),
        (with_crc(""), PayloadFault.ORDER, "63"),
        ("0" * (MAXIMUM_PAYLOAD_CHARACTERS + 1), PayloadFault.TOO_LONG, ""),
        (whole(head="010211000201"), PayloadFault.ORDER, "01"),
        (whole(head="000202010211"), PayloadFault.VALUE, "00"),
        (whole(head="000201010213"), PayloadFault.VALUE, "01"),
        (whole(head="000201"), PayloadFault.MISSING, "01"),
        (whole(head="000201010211010211"), PayloadFault.DUPLICATE, "01"),
        (whole(tail="53038405802VN"), PayloadFault.VALUE, "53"),
        (whole(tail="5802VN"), PayloadFault.MISSING, "53"),
        (whole(tail="53037045802US"), PayloadFault.VALUE, "58"),
        (whole(tail="5303704"), PayloadFault.MISSING, "58"),
        (whole(tail=TAIL + "5401 "), PayloadFault.VALUE, "54"),
        (whole(tail=TAIL + "54010"), PayloadFault.VALUE, "54"),
        (whole(tail=TAIL + "5404-100"), PayloadFault.VALUE, "54"),
        (whole(tail=TAIL + "54051_000"), PayloadFault.VALUE, "54"),
        (whole(tail=TAIL + "54041e10"), PayloadFault.VALUE, "54"),
        (whole(tail=TAIL + "5404 100"), PayloadFault.VALUE, "54"),
        (whole(tail=TAIL + "540510.50"), PayloadFault.VALUE, "54"),
        (whole(tail=TAIL + "541412345678901234"), PayloadFault.VALUE, "54"),
        (whole(tail=TAIL + "5400"), PayloadFault.EMPTY, "54"),
        (whole(tail=TAIL + "54+1x"), PayloadFault.HEADER, "54"),
        (whole(tail=TAIL + "6299x"), PayloadFault.CUT, "62"),
        (whole(tail=TAIL + "6203080"), PayloadFault.HEADER, "62.08"),
        (whole(tail=TAIL + "62300826" + "x" * 26), PayloadFault.VALUE, "62.08"),
        (whole(beneficiary="0010A0000007280208QRIBFTTA"), PayloadFault.NOT_VIETQR, "38.00"),
        (whole(beneficiary="0010A0000007270208QRIBFTTA"), PayloadFault.MISSING, "38.01"),
        (whole(beneficiary=f"0127{PAYEE}"), PayloadFault.NOT_VIETQR, "38.00"),
        (whole(beneficiary="0010A000000727" + "01100006970436"), PayloadFault.MISSING, "38.01.01"),
        (
            whole(beneficiary="0010A000000727" + "0118" + "0005970430105" + "00001"),
            PayloadFault.VALUE,
            "38.01.00",
        ),
        (
            whole(beneficiary="0010A000000727" + "0119" + "0006970436" + "0105" + "00-01"),
            PayloadFault.VALUE,
            "38.01.01",
        ),
    ],
)
def test_every_fault_has_a_name_and_a_place(payload: str, fault: PayloadFault, tag: str) -> None:
    assert fault_of(payload) == (fault, tag)


def test_decimals_of_nothing_are_read() -> None:
    assert parse_payload(whole(tail=TAIL + "540815000.00")).amount_vnd == 15000
    assert parse_payload(whole(tail=TAIL + "540615000.")).amount_vnd == 15000


def test_a_fee_of_ours() -> None:
    reference = make_payment_reference(b"12345678")
    payload = build_payload(
        **TO_US, amount_vnd=15000, additional={"08": make_purpose(reference, "LP")}
    )
    transfer = parse_payload(payload)
    assert transfer.initiation == "dynamic"
    assert transfer.amount_vnd == 15000
    assert transfer.purpose == f"LP {reference}"
    assert build_payload(**TO_US).startswith("000201010211")
    assert parse_payload(build_payload(**TO_US)).purpose == ""


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"bank_number": "97043"}, ErrorCode.BANK_NUMBER_INVALID),
        ({"bank_number": "97043٦"}, ErrorCode.BANK_NUMBER_INVALID),
        ({"account": ""}, ErrorCode.ACCOUNT_INVALID),
        ({"account": "1" * 20}, ErrorCode.ACCOUNT_INVALID),
        ({"account": "12 34"}, ErrorCode.ACCOUNT_INVALID),
        ({"amount_vnd": 0}, ErrorCode.AMOUNT_INVALID),
        ({"amount_vnd": -1}, ErrorCode.AMOUNT_INVALID),
        ({"amount_vnd": MAXIMUM_AMOUNT_VND + 1}, ErrorCode.AMOUNT_TOO_LARGE),
        ({"additional": {"08": "thanh toán"}}, ErrorCode.PURPOSE_CHARACTERS),
        ({"additional": {"08": " LP"}}, ErrorCode.PURPOSE_CHARACTERS),
        ({"additional": {"08": ""}}, ErrorCode.PURPOSE_CHARACTERS),
        ({"additional": {"09": "A"}}, ErrorCode.PURPOSE_CHARACTERS),
        ({"additional": {"08": "x" * 26}}, ErrorCode.PURPOSE_TOO_LONG),
        (
            {"additional": {f"0{n}": "x" * 25 for n in range(1, 5)}},
            ErrorCode.PURPOSE_TOO_LONG,
        ),
    ],
)
def test_what_must_not_be_built(changes: dict[str, Any], code: ErrorCode) -> None:
    assert build_error(**changes).code is code


texts = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=25)
transfers = st.fixed_dictionaries(
    {
        "bank_number": st.from_regex(r"[0-9]{6}", fullmatch=True),
        "account": st.from_regex(r"[0-9A-Za-z]{1,19}", fullmatch=True),
        "amount_vnd": st.none() | st.integers(1, MAXIMUM_AMOUNT_VND),
        "additional": st.dictionaries(st.sampled_from(["01", "05", "08"]), texts, max_size=3),
        "service": st.sampled_from(["QRIBFTTA", "QRIBFTTC"]),
    }
)


@given(transfers)
def test_what_was_built_is_read_back(fields: dict[str, Any]) -> None:
    transfer = parse_payload(build_payload(**fields))
    assert {name: getattr(transfer, name) for name in fields} == fields
    assert transfer.initiation == ("static" if fields["amount_vnd"] is None else "dynamic")


@given(transfers, st.data())
def test_one_wrong_character_is_always_seen(fields: dict[str, Any], data: st.DataObject) -> None:
    payload = build_payload(**fields)
    at = data.draw(st.integers(0, len(payload) - 5))
    other = data.draw(st.sampled_from("0123456789ABCXYZ".replace(payload[at], "")))
    with pytest.raises(PayloadError):
        parse_payload(payload[:at] + other + payload[at + 1 :])


@given(st.text(max_size=100) | st.from_regex(r"[0-9]{0,80}", fullmatch=True))
def test_any_text_is_a_transfer_or_a_named_fault(text: str) -> None:
    for payload in (text, with_crc(text) if text.isascii() else text):
        try:
            parse_payload(payload)
        except PayloadError as error:
            assert error.fault in PayloadFault  # noqa: PT017
