"""The life cycles drawn from their tables: `python -m edge_node.domain.diagrams` prints the page.

Rules: the tables are the truth and docs/diagrams.md is their picture; nothing is drawn by hand.
This module must not know where the page is kept.
"""

import sys
from collections.abc import Mapping

from edge_node.domain.dossier import NATIONAL_STATUS, TRANSITIONS, DossierState
from edge_node.domain.ladder import State, Step
from edge_node.domain.paper import PAPER_SLIP_TRANSITIONS, PaperSlipState
from edge_node.domain.payment import PAYMENT_TRANSITIONS, PaymentState
from edge_node.domain.printing import PRINT_TRANSITIONS, PrintState
from edge_node.domain.ticket import TICKET_TRANSITIONS, TicketState

_INTRODUCTION = """\
# Life cycles

Made from the tables in `edge_node/domain` by `python -m edge_node.domain.diagrams`; a test fails
when this page is stale. What has no arrow is refused with `action_not_allowed`.
"""

_NATIONAL_NAMES = {
    1: "Mới đăng ký",
    2: "Được tiếp nhận",
    3: "Không được tiếp nhận",
    4: "Đang xử lý",
    5: "Yêu cầu bổ sung giấy tờ",
    6: "Yêu cầu thực hiện nghĩa vụ tài chính",
    7: "Công dân yêu cầu rút hồ sơ",
    8: "Dừng xử lý",
    9: "Đã xử lý xong",
    10: "Đã trả kết quả",
}


def mermaid(table: Mapping[tuple[State, Step], State], initial: State) -> str:
    """A Mermaid state diagram of a table: one arrow per pair of states, actions listed on it."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (source, action), target in table.items():
        arrows.setdefault((source.value, target.value), []).append(action.value)
    left = {source.value for source, _action in table}
    final = sorted({target.value for target in table.values()} - left)
    lines = ["stateDiagram-v2", f"    [*] --> {initial.value}"]
    lines += [
        f"    {source} --> {target}: {', '.join(actions)}"
        for (source, target), actions in arrows.items()
    ]
    lines += [f"    {state} --> [*]" for state in final]
    return "\n".join(lines)


def page() -> str:
    """The whole of docs/diagrams.md."""
    return "\n".join(
        (
            _INTRODUCTION,
            _section("Dossier", mermaid(TRANSITIONS, DossierState.SUBMITTED)),
            _national_table(),
            _section("Ticket", mermaid(TICKET_TRANSITIONS, TicketState.WAITING)),
            _section("Payment", mermaid(PAYMENT_TRANSITIONS, PaymentState.DUE)),
            _section("Paper slip", mermaid(PAPER_SLIP_TRANSITIONS, PaperSlipState.UNUSED)),
            _section("Print job", mermaid(PRINT_TRANSITIONS, PrintState.QUEUED)),
        )
    )


def _section(title: str, diagram: str) -> str:
    return f"## {title}\n\n```mermaid\n{diagram}\n```\n"


def _national_table() -> str:
    rows = [
        f"| {state.value} | {code} | {_NATIONAL_NAMES[code]} |"
        for state, code in NATIONAL_STATUS.items()
    ]
    return "\n".join(["| State | National status | |", "|---|---|---|", *rows, ""])


if __name__ == "__main__":
    sys.stdout.write(page())
