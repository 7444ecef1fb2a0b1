"""Invented people whose cards the desk page can put on the reader; any likeness is chance."""

from typing import Final, NamedTuple


class Sample(NamedTuple):
    """A card: what the desk page calls it and what its code says."""

    id: str
    title_vi: str
    text: str


SAMPLES: Final = (
    Sample(
        "mau",
        "Nguyễn Thị Mẫu, căn cước 2025",
        "079190000017||Nguyễn Thị Mẫu|05031990|Nữ|12/3 Đường Ví Dụ, Phường Bà Rịa,"
        " TP. Hồ Chí Minh|05082025||||",
    ),
    Sample(
        "thu",
        "Trần Văn Thử, thẻ chip có số cũ",
        "077085000025|273000025|Trần Văn Thử|17091985|Nam|Ấp Giả Định 1, Phước Hải, Đất Đỏ,"
        " Bà Rịa - Vũng Tàu|22042021",
    ),
    Sample(
        "gia-dinh",
        "LÊ HOÀNG GIẢ ĐỊNH, sinh 29/02",
        "079204000033||LÊ HOÀNG GIẢ ĐỊNH|29022004|Nam|45 Hẻm Mẫu, Phường Tam Thắng,"
        " TP. Hồ Chí Minh|18102023",
    ),
    Sample(
        "khac-gioi",
        "Thẻ ghi giới tính khác số (cảnh báo)",
        "079190000017||Nguyễn Văn Mẫu|05031990|Nam|12/3 Đường Ví Dụ, Phường Bà Rịa|10052021",
    ),
    Sample(
        "doc-do",
        "Thẻ đọc dở (phải quét lại)",
        "079190000017||NGUYỄN THỊ MẪU|05031990|Nữ|12/3 Đường Ví Dụ",
    ),
)
