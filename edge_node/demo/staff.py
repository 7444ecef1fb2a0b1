"""Who works at the demonstrated station: one of every role; all invented, one PIN for all."""

from typing import Final, NamedTuple

from edge_node.domain.officer import Role


class Colleague(NamedTuple):
    """An account: its id, the name on the door, rank, counter, roles."""

    id: str
    name: str
    rank: str
    counter: str
    roles: tuple[Role, ...]

    @property
    def roles_vi(self) -> str:
        """The roles in words for the desk page."""
        return ", ".join(ROLES_VI[role] for role in self.roles)


ROLES_VI: Final = {
    Role.OFFICER: "tiếp nhận",
    Role.CASHIER: "thu tiền",
    Role.CHIEF: "chỉ huy",
    Role.TECHNICIAN: "kỹ thuật",
}
_BOTH: Final = (Role.OFFICER, Role.CASHIER)

STAFF: Final = (
    Colleague("can-bo-1", "Nguyễn Văn Mẫu", "Đại úy", "1", _BOTH),
    Colleague("can-bo-2", "Lê Thị Thí Dụ", "Thượng úy", "2", _BOTH),
    Colleague("can-bo-3", "Trần Thử Nghiệm", "Trung úy", "3", _BOTH),
    Colleague("thu-ngan", "Phạm Thị Giả Định", "Thượng úy", "3", (Role.CASHIER,)),
    Colleague("chi-huy", "Hoàng Văn Ví Dụ", "Thiếu tá", "1", (*_BOTH, Role.CHIEF)),
    Colleague("ky-thuat", "Võ Văn Tượng Trưng", "", "3", (Role.TECHNICIAN,)),
)
"""The first one is whom guides and tests sign in as."""
