"""What is measured with: made-up dossiers of about 2.3 KB, and the events of a station's day.

The same number always gives the same bytes, so that every side of a comparison moves the same
load. Names and numbers vary as those of a ward do: what compresses here compresses there.
"""

import hashlib
import json
import random
from pathlib import Path


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


_SURNAMES = _words("Nguyễn|Trần|Lê|Phạm|Huỳnh|Hoàng|Phan|Vũ|Võ|Đặng|Bùi|Đỗ|Hồ|Ngô|Dương|Lý|Đinh")
_MIDDLES = _words("Văn|Thị|Hữu|Ngọc|Đức|Minh|Thanh|Quốc|Kim|Gia|Hồng|Xuân|Phước|Bích|Tấn|Diễm")
_GIVEN = _words(
    "An|Bình|Châu|Dung|Duy|Giang|Hà|Hải|Hạnh|Hiếu|Hoa|Hùng|Khánh|Khoa|Lan|Linh|Long|Mai|Nam"
    "|Nga|Nhung|Phong|Phúc|Quân|Quỳnh|Sơn|Tâm|Thảo|Trang|Trinh|Tuấn|Uyên|Vinh|Yến"
)
_STREETS = _words(
    "Lê Lợi|Hai Bà Trưng|Trương Công Định|Cách Mạng Tháng Tám|Nguyễn Thái Học|Ba Cu|Bạch Đằng"
    "|Trần Phú|Lý Thường Kiệt|Phan Chu Trinh|Đội Cấn|Hoàng Hoa Thám|Nam Kỳ Khởi Nghĩa"
)
_WARDS = _words("Bà Rịa|Tam Thắng|Vũng Tàu|Phước Thắng|Rạch Dừa|Long Hương|Tam Long|Phú Mỹ")
_PROVINCES = _words("Đồng Nai|Tây Ninh|Cần Thơ|An Giang|Lâm Đồng|Khánh Hòa|Huế|Nghệ An|Hà Nội")
_WORK = _words("Công nhân|Giáo viên|Buôn bán|Sinh viên|Tài xế|Kỹ sư|Nội trợ|Hưu trí|Điều dưỡng")
_RELATIONS = ("vợ", "chồng", "con", "cha", "mẹ", "anh", "chị", "cháu")
_PAPERS = (
    ("ct01", "Tờ khai thay đổi thông tin cư trú (mẫu CT01)"),
    ("dwelling", "Giấy tờ chứng minh chỗ ở hợp pháp"),
    ("birth", "Giấy khai sinh (bản sao)"),
    ("marriage", "Giấy chứng nhận kết hôn (bản sao)"),
    ("lease", "Hợp đồng thuê nhà có xác nhận của chủ nhà"),
    ("consent", "Văn bản đồng ý của chủ hộ, có chữ ký"),
)
_REMARKS = (
    "Công dân nộp trực tiếp tại quầy, đã đối chiếu bản chính",
    "Người nộp thay có văn bản ủy quyền hợp lệ, hẹn trả qua bưu chính",
    "Tiếp nhận khi mất kết nối, lưu tại trạm chờ chuyển về thành phố",
    "Cần xác minh thực tế nơi cư trú trước khi trình lãnh đạo ký duyệt",
)
KINDS = {"dossier.submitted": 16, "dossier.received": 17, "ticket.called": 33, "ticket.closed": 34}


def subject(number: int, station: int = 0) -> bytes:
    """The 16-byte identity of a dossier."""
    return hashlib.blake2b(f"{station}/{number}".encode(), digest_size=16).digest()


def dossier(number: int, station: int = 0) -> bytes:
    """One `dossier.submitted`, compact UTF-8 JSON."""
    draw = random.Random(f"{station}/{number}")  # noqa: S311 - repeatable, guards nothing
    person = _person(draw)
    name = str(person["full_name"])
    body = {
        "type": "dossier.submitted",
        "dossier_no": numbered(number),
        "dossier_id": subject(number, station).hex(),
        "procedure_id": draw.choice(("res-temporary", "res-permanent", "res-split", "id-card")),
        "catalogue": "2026.11.1",
        "channel": draw.choice(("kiosk", "counter", "api")),
        "ticket": f"{draw.choice('ABC')}{number % 999:03d}",
        "applicant": {**person, "occupation": draw.choice(_WORK), "email": _email(draw, name)},
        "identity_level": draw.choice(("qr_printed", "typed", "chip")),
        "answers": _answers(draw),
        "household": [_member(draw) for _ in range(draw.choice((3, 3, 4, 5)))],
        "documents": [
            _paper(draw, paper) for paper in draw.sample(_PAPERS, draw.choice((2, 3, 4)))
        ],
        "fee": {"amount": draw.choice((0, 7000, 10000, 15000)), "currency": "VND"},
        "missing": draw.sample(("answer:household_head", "document:dwelling"), draw.choice((0, 1))),
        "remark": draw.choice(_REMARKS),
        "saved_at": _at(draw, 8 + number % 8),
        "due_at": f"2026-12-{draw.randint(1, 28):02d}T17:00+07:00",
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def write_lines(path: Path, count: int, station: int = 0) -> Path:
    """A file with so many dossiers, one a line."""
    with path.open("wb") as file:
        for number in range(count):
            file.write(dossier(number, station) + b"\n")
    return path


def day(number: int) -> list[tuple[str, bytes]]:
    """The events of one dossier's day: submitted, called, received, closed."""
    draw = random.Random(f"day/{number}")  # noqa: S311 - repeatable, guards nothing
    ticket = {"ticket": f"A{number % 999:03d}", "day": "2026-11-22", "counter": "1"}
    later: list[dict[str, object]] = [
        {"type": "ticket.called", **ticket, "calls": 1, "called_at": _at(draw, 9)},
        {
            "type": "dossier.received",
            "dossier_no": numbered(number),
            "state": "received",
            "officer": "can-bo-1",
            "counter": "1",
            "documents": [{"id": "ct01", "have": True}],
            "shortage_reason": "",
            "received_at": _at(draw, 9),
            "due_at": "2026-11-26T09:00+07:00",
        },
        {"type": "ticket.closed", **ticket, "outcome": "served", "closed_at": _at(draw, 9)},
    ]
    return [
        ("dossier.submitted", dossier(number)),
        *(
            (str(one["type"]), json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode())
            for one in later
        ),
    ]


def numbered(number: int) -> str:
    """The number a citizen is told."""
    return f"T26560-0000-{number:05d}-{number % 10}"


def _person(draw: random.Random) -> dict[str, object]:
    return {
        "full_name": " ".join(map(draw.choice, (_SURNAMES, _MIDDLES, _GIVEN))),
        "sex": draw.choice(("male", "female")),
        "date_of_birth": f"{draw.randint(1945, 2008)}-{draw.randint(1, 12):02d}-"
        f"{draw.randint(1, 28):02d}",
        "id_number": f"0{draw.randint(1, 96):02d}{draw.randrange(10**9):09d}",
        "phone": f"09{draw.randrange(10**8):08d}",
        "address": _address(draw),
        "home_town": draw.choice(_PROVINCES),
    }


def _member(draw: random.Random) -> dict[str, object]:
    person = _person(draw)
    del person["phone"], person["address"]
    return {**person, "relation": draw.choice(_RELATIONS)}


def _answers(draw: random.Random) -> dict[str, object]:
    return {
        "new_address": _address(draw),
        "duration": str(draw.choice((6, 12, 24))),
        "relation": draw.choice(("tenant", "family", "owner")),
        "owner_name": " ".join(map(draw.choice, (_SURNAMES, _MIDDLES, _GIVEN))),
        "owner_id": f"077{draw.randrange(10**9):09d}",
        "owner_agrees": draw.random() < 0.9,
        "reason": f"Chuyển đến phường {draw.choice(_WARDS)} để làm việc và ở cùng gia đình",
    }


def _paper(draw: random.Random, paper: tuple[str, str]) -> dict[str, object]:
    scan = {"sha256": draw.randbytes(32).hex(), "bytes": draw.randint(90_000, 600_000)}
    found: dict[str, object] = {
        "id": paper[0],
        "title": paper[1],
        "copies": draw.choice((1, 1, 2)),
        "have": True,
    }
    return {**found, "file": {**scan, "type": "image/jpeg"}} if draw.random() < 0.5 else found


def _address(draw: random.Random) -> str:
    house = f"{draw.randint(1, 999)}/{draw.randint(1, 60)}"
    place = f"Khu phố {draw.randint(1, 30)}, phường {draw.choice(_WARDS)}"
    return f"{house} {draw.choice(_STREETS)}, {place}, Thành phố Hồ Chí Minh"


def _email(draw: random.Random, name: str) -> str:
    return f"{draw.randbytes(3).hex()}.{len(name)}{draw.randint(1960, 2008)}@thu.example"


def _at(draw: random.Random, hour: int) -> str:
    return f"2026-11-22T{hour:02d}:{draw.randrange(60):02d}:{draw.randrange(60):02d}+07:00"
