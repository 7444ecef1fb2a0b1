import hashlib
import json
from datetime import date
from typing import Any

import pytest

from edge_node.data import read_release
from edge_node.domain.beneficiaries import Ledger, read_beneficiaries
from edge_node.domain.catalogue import read_catalogue
from edge_node.domain.errors import DomainError, ErrorCode
from edge_node.domain.release import CatalogueError
from edge_node.domain.transfer_code import check_amount, transfer_code
from edge_node.domain.vietqr import MAXIMUM_AMOUNT_VND, parse_payload
from tests.usecases.money_side import account

RELEASE = read_release()
DAY = date(2026, 11, 23)
FEE = {
    "id": "fee-mau",
    "ledger": "fee",
    "bank_number": "970436",
    "account": "0000000001",
    "name": "TAI KHOAN MAU",
    "valid_from": "2026-01-01",
    "approved_by": ["Người Một", "Người Hai"],
}
FINE = {**FEE, "id": "fine-mau", "ledger": "fine", "account": "0000000002"}


def release(*accounts: dict[str, Any]) -> dict[str, bytes]:
    """The built-in release with accounts, its manifest made for them."""
    data = json.dumps({"beneficiaries": accounts}).encode()
    manifest = json.loads(RELEASE["release.json"])
    manifest["files"]["beneficiaries.json"] = hashlib.sha256(data).hexdigest()
    return {
        **RELEASE,
        "beneficiaries.json": data,
        "release.json": json.dumps(manifest).encode(),
    }


def test_the_release_that_is_delivered_has_no_account() -> None:
    assert "beneficiaries.json" not in RELEASE
    assert read_beneficiaries(RELEASE).find(Ledger.FEE, "26560", DAY) is None


def test_fees_and_fines_go_to_their_own_accounts() -> None:
    found = read_beneficiaries(release(FEE, FINE))
    fee = found.find(Ledger.FEE, "26560", DAY)
    fine = found.find(Ledger.FINE, "26560", DAY)
    assert fee is not None
    assert fine is not None
    assert (fee.key, fine.key) == ("970436-0000000001", "970436-0000000002")


def test_an_account_serves_its_stations_in_its_time() -> None:
    one = {**FEE, "stations": ["26560"], "valid_to": "2026-11-30"}
    two = {**FEE, "id": "later", "account": "3", "valid_from": "2026-12-01"}
    found = read_beneficiaries(release(one, two))
    keys = [
        getattr(found.find(Ledger.FEE, station, day), "account", "")
        for station, day in [("26560", DAY), ("26526", DAY), ("26560", date(2026, 12, 1))]
    ]
    assert keys == ["0000000001", "", "3"]


@pytest.mark.parametrize(
    ("accounts", "code"),
    [
        ([{**FEE, "approved_by": ["Người Một"]}], "two_people"),
        ([{**FEE, "approved_by": ["Người Một", "người  một "]}], "two_people"),
        ([{**FEE, "bank_number": "000000"}], "unknown"),
        ([{**FEE, "account": "12 34"}], "not_an_account"),
        ([{**FEE, "valid_to": "2025-12-31"}], "before_valid_from"),
        ([{**FEE, "stations": ["265"]}], "not_a_station"),
        ([{**FEE, "name": " "}], "text"),
        ([FEE, {**FINE, "account": FEE["account"]}], "fee_and_fine_share"),
        ([FEE, {**FEE, "id": "other", "account": "9"}], "overlap"),
        ([FEE, {**FINE, "id": FEE["id"]}], "duplicate"),
    ],
)
def test_a_fault_refuses_the_whole_release(accounts: list[dict[str, Any]], code: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        read_beneficiaries(release(*accounts))
    assert refused.value.code == code


def test_a_changed_account_number_is_another_release() -> None:
    files = release(FEE)
    read_catalogue(files)
    forged = {**files, "beneficiaries.json": files["beneficiaries.json"].replace(b"0001", b"0009")}
    with pytest.raises(CatalogueError) as refused:
        read_catalogue(forged)
    assert refused.value.code == "digest"


def test_a_code_is_for_one_ledger_only() -> None:
    fee, fine = account("fee", "0000000001"), account("fine", "0000000002")
    code = transfer_code(fee, Ledger.FEE, 15_000, "ABCDEFGHJKLMN")
    transfer = parse_payload(code)
    assert (transfer.account, transfer.amount_vnd, transfer.initiation) == (
        "0000000001", 15_000, "dynamic",
    )  # fmt: skip
    assert transfer.purpose == "ABCDEFGHJKLMN"
    for beneficiary, ledger in ((fee, Ledger.FINE), (fine, Ledger.FEE)):
        with pytest.raises(DomainError) as refused:
            transfer_code(beneficiary, ledger, 15_000, "ABCDEFGHJKLMN")
        assert refused.value.code is ErrorCode.LEDGERS_MIXED


@pytest.mark.parametrize("amount", [0, -1, MAXIMUM_AMOUNT_VND + 1])
def test_an_amount_has_bounds(amount: int) -> None:
    with pytest.raises(DomainError):
        check_amount(amount)
    assert check_amount(MAXIMUM_AMOUNT_VND) == 499_999_999
