"""The demonstration's accounts: whole as a release, and nobody's."""

import json
from datetime import date
from pathlib import Path

from edge_node.demo.release import write_release
from edge_node.domain.beneficiaries import BENEFICIARIES, Ledger, read_beneficiaries
from edge_node.usecases.releases import read_rules
from sync.city.feeds.releases import pack_release


def test_the_release_is_whole_and_its_accounts_belong_to_nobody(tmp_path: Path) -> None:
    folder = write_release(tmp_path / "release")
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    rules = read_rules(files)
    assert rules.catalogue.version.endswith("-trinh-dien")
    pack_release(folder)
    for ledger in Ledger:
        found = read_beneficiaries(files).find(ledger, "26560", date(2026, 11, 23))
        assert found is not None
        assert found.account.startswith("TRINHDIEN")
        assert "KHONG CO THAT" in found.name
    assert len(json.loads(files[BENEFICIARIES])["beneficiaries"]) == 2
