"""The node reads what the published vectors of feed entries say."""

from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from edge_node.domain.city_words import FOR_OTHERS, KINDS, UnreadableWordError, read_word
from sync.protocol.record import decode_record

FOLDER: Final = Path(__file__).resolve().parents[2] / "sync" / "vectors"
ENTRIES: Final = sorted(FOLDER.glob("entry-*.json"))
UNREADABLE: Final = ("slip-key-short", "slip-key-station", "slip-key-positions", "payment-amount",
                     "release-digest", "other-type")  # fmt: skip


def body_of(path: Path) -> tuple[int, bytes, dict[str, Any]]:
    vector = msgspec.json.decode(path.read_bytes())
    record = decode_record(bytes.fromhex(vector["bytes"]))
    return record.kind, record.body, vector.get("announces", {})


@pytest.mark.parametrize("path", ENTRIES, ids=lambda path: path.stem)
def test_an_entry_of_a_known_kind_says_what_its_vector_says(path: Path) -> None:
    kind, body, announces = body_of(path)
    if kind not in KINDS:
        assert kind in FOR_OTHERS or path.stem == "entry-unknown-kind"
        return
    said = msgspec.json.decode(msgspec.json.encode(read_word(kind, body)))
    assert {name: said[name] for name in said if name in announces} == {
        name: announces[name] for name in announces if name in said
    }
    assert said["type"] == announces["type"]


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_body_that_does_not_fit_is_unreadable(name: str) -> None:
    kind, body, _ = body_of(FOLDER / f"refused-entry-{name}.json")
    with pytest.raises(UnreadableWordError):
        read_word(kind, body)


def test_every_kind_has_a_vector() -> None:
    assert set(KINDS) <= {body_of(path)[0] for path in ENTRIES}
