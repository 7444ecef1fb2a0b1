"""Trains the shared dictionary from invented dossiers.

Run ``python -m tests.contracts.dictionary_train OUTPUT`` to make a file for a new dictionary
number. A released dictionary is never trained again: old batches need its exact bytes. Everybody
here is made up; no line of this program may ever read a real dossier.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

from backports.zstd import finalize_dict, train_dict

from sync.protocol.record import Record, RecordTime, command_id, encode_record

SEED: Final = 2611
DOSSIERS: Final = 1500
DICTIONARY_BYTES: Final = 32 << 10
LEVEL: Final = 3

FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ")
MIDDLE = ("Văn", "Thị", "Minh", "Ngọc", "Hữu", "Thanh", "Quốc", "Hoài", "Kim", "Đức", "Thu", "Anh")
GIVEN = (
    "An",
    "Bình",
    "Chi",
    "Dũng",
    "Giang",
    "Hạnh",
    "Khoa",
    "Lan",
    "Mai",
    "Nam",
    "Oanh",
    "Phúc",
    "Quân",
    "Sơn",
    "Thảo",
    "Uyên",
    "Vinh",
    "Xuân",
    "Yến",
    "Linh",
    "Tùng",
    "Hiếu",
    "Nhung",
)
STREETS = (
    "Nguyễn Trãi",
    "Lê Lợi",
    "Trần Hưng Đạo",
    "Hai Bà Trưng",
    "Cách Mạng Tháng Tám",
    "Điện Biên Phủ",
    "Lý Thường Kiệt",
    "Võ Văn Tần",
    "Nguyễn Đình Chiểu",
    "Phan Xích Long",
)
WARDS = (
    "Phường Bến Thành",
    "Phường Sài Gòn",
    "Phường Tân Định",
    "Phường Cầu Ông Lãnh",
    "Phường Bàn Cờ",
    "Phường Xuân Hòa",
    "Phường Nhiêu Lộc",
    "Phường Xóm Chiếu",
)
CITIES = (
    "Thành phố Hồ Chí Minh",
    "Thành phố Hà Nội",
    "Thành phố Đà Nẵng",
    "Tỉnh Đồng Nai",
    "Tỉnh Tây Ninh",
    "Thành phố Cần Thơ",
    "Tỉnh Vĩnh Long",
    "Tỉnh Lâm Đồng",
)
PROCEDURES = (
    "res-temporary",
    "res-permanent",
    "res-absence",
    "res-confirmation",
    "res-split",
    "res-correction",
    "res-stay",
    "id-card-new",
    "id-card-change",
    "vehicle-first",
    "vehicle-transfer",
    "security-trade",
    "complaint",
    "lost-papers",
)
DOCUMENTS = ("ct01", "lease", "consent", "birth", "marriage", "land", "guardian", "photo", "na17")
REASONS = (
    "Hồ sơ thiếu giấy tờ chứng minh chỗ ở hợp pháp",
    "Thông tin trên tờ khai chưa đúng",
    "Không thuộc thẩm quyền giải quyết",
    "Cần bổ sung văn bản đồng ý của chủ hộ",
)
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def person(random: Random) -> dict[str, Any]:
    """Somebody who does not exist."""
    year, sex = random.randrange(1950, 2009), random.choice(("female", "male"))
    digit = (0 if year < 2000 else 2) + (1 if sex == "female" else 0)
    return {
        "full_name": f"{random.choice(FAMILY)} {random.choice(MIDDLE)} {random.choice(GIVEN)}",
        # Province codes 097–099 and numbers in 0000 are nobody's.
        "id_number": f"{random.randrange(97, 100):03}{digit}{year % 100:02}{six_digits(random)}",
        "date_of_birth": f"{year}-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}",
        "sex": sex,
        "address": address(random),
        "phone": f"0000{six_digits(random)}",
    }


def six_digits(random: Random) -> str:
    return f"{random.randrange(10**6):06}"


def address(random: Random) -> str:
    """A house that does not exist in a street that does."""
    number, street = random.randrange(1, 400), random.choice(STREETS)
    return f"{number} {street}, {random.choice(WARDS)}, {random.choice(CITIES)}"


def stamp(random: Random) -> str:
    day, hour = random.randrange(1, 29), random.randrange(7, 17)
    return (
        f"2026-{random.randrange(1, 13):02}-{day:02}T{hour:02}:{random.randrange(60):02}:00+07:00"
    )


def answers(random: Random) -> dict[str, Any]:
    """Some of the questions that forms ask."""
    every: dict[str, Any] = {
        "new_address": address(random),
        "duration_months": str(random.choice((6, 12, 24))),
        "reason": random.choice(("work", "study", "marriage", "family", "other")),
        "housing": random.choice(("rented", "owned", "relative", "dormitory")),
        "householder_name": person(random)["full_name"],
        "householder_id_number": person(random)["id_number"],
        "relationship": random.choice(("child", "spouse", "tenant", "parent", "sibling")),
        "members": random.randrange(1, 6),
        "householder_agrees": random.choice((True, False)),
        "plate": f"{random.randrange(50, 60)}A-{random.randrange(10**5):05}",
        "note": "",
    }
    names = random.sample(sorted(every), random.randrange(3, len(every)))
    return {name: every[name] for name in every if name in names}


def submitted(random: Random, number: int) -> dict[str, Any]:
    tag = "".join(random.choices(ALPHABET, k=4))
    station, check = random.randrange(26500, 27700), random.choice(ALPHABET)
    documents = [
        {"id": name, "have": random.random() < 0.8}
        for name in random.sample(DOCUMENTS, random.randrange(1, 5))
    ]
    return {
        "type": "dossier.submitted",
        "dossier_no": f"T{station}-{tag}-{number:05}-{check}",
        "dossier_id": f"{random.getrandbits(128):032x}",
        "procedure_id": random.choice(PROCEDURES),
        "catalogue": "2026.11",
        "channel": random.choice(("kiosk", "kiosk", "api")),
        "ticket": f"{random.choice('ABCDEF')}{random.randrange(1, 1000):03}",
        "applicant": person(random),
        "identity_level": random.choice(("typed", "qr_printed", "none")),
        "answers": answers(random),
        "documents": documents,
        "missing": [f"document:{item['id']}" for item in documents if not item["have"]],
        "saved_at": stamp(random),
    }


def queue_events(random: Random, ticket: str, counter: str) -> Iterator[dict[str, Any]]:
    """A number's way through the queue."""
    number = {"ticket": ticket, "day": stamp(random)[:10]}
    service = random.choice(("residence", "identity", "vehicles", "security", "complaints"))
    yield {"type": "ticket.issued", **number, "service": service, "issued_at": stamp(random)}
    yield {
        "type": "ticket.called",
        **number,
        "counter": counter,
        "calls": random.randrange(1, 3),
        "called_at": stamp(random),
    }
    outcome = random.choice(("served", "served", "no_show"))
    yield {
        "type": "ticket.closed",
        **number,
        "counter": counter,
        "outcome": outcome,
        "closed_at": stamp(random),
    }


def decision(random: Random, dossier: dict[str, Any], counter: str) -> dict[str, Any]:
    """What an officer made of a dossier."""
    kind, state = random.choice(
        (
            ("received", "received"),
            ("received", "received"),
            ("supplement_requested",) * 2,
            ("refused", "refused"),
        )
    )
    head = {
        "type": f"dossier.{kind}",
        "dossier_no": dossier["dossier_no"],
        "state": "supplementing" if state == "supplement_requested" else state,
        "officer": f"cb{random.randrange(1, 20):02}",
        "counter": counter,
    }
    reason = random.choice(REASONS)
    tails: dict[str, dict[str, Any]] = {
        "received": {
            "documents": dossier["documents"],
            "shortage_reason": "",
            "received_at": stamp(random),
            "due_at": stamp(random),
        },
        "supplement_requested": {
            "items": dossier["missing"],
            "note": reason,
            "request_no": 1,
            "requested_at": stamp(random),
        },
        "refused": {"reason": reason, "refused_at": stamp(random)},
    }
    return head | tails[kind]


def dossier_events(random: Random, number: int) -> Iterator[dict[str, Any]]:
    """The events of one dossier's day, as the node writes them."""
    counter = f"{random.randrange(1, 6):02}"
    dossier = submitted(random, number)
    yield dossier
    yield from queue_events(random, dossier["ticket"], counter)
    yield decision(random, dossier, counter)


def sample_records(seed: int, dossiers: int) -> list[bytes]:
    """Encoded records of invented dossiers, the same for the same seed."""
    random = Random(seed)  # noqa: S311  made-up people need no secrecy
    records: list[bytes] = []
    for number in range(dossiers):
        subject = random.randbytes(16)
        for version, event in enumerate(dossier_events(random, number), start=1):
            body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
            time = RecordTime(random.randrange(10**8), 1_795_000_000_000 + number * 90_000, 2)
            eid = command_id(f"{seed}-{len(records)}")
            kind = 15 + version
            records.append(
                encode_record(Record(len(records), kind, eid, subject, version, time, 0, body))
            )
    return records


def train() -> bytes:
    """The dictionary of these samples; the same for the same release of libzstd."""
    samples = sample_records(SEED, DOSSIERS)
    rough = train_dict(samples, DICTIONARY_BYTES)
    return finalize_dict(rough, samples, DICTIONARY_BYTES, LEVEL).dict_content


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(train())
