"""What the kiosk says about a procedure: picture, time, fee, papers, in the reader's words.

Everything comes from the catalogue; a value that the catalogue leaves out because it is not sure
is "told at the counter", never guessed.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final, NamedTuple

from edge_node.domain.codes import fold
from edge_node.domain.procedure import Document, Procedure, TimeLimit, fees_on
from edge_node.web.localisation import Translator

# Words in the id of a procedure or category, most telling first, and the picture for them.
PICTURES: Final = (
    ("res-temporary", "home-clock"),
    ("delete", "home-off"),
    ("split", "people"),
    ("stay-notice", "bell"),
    ("absence", "home-off"),
    ("lost", "document-question"),
    ("confirmations", "document-check"),
    ("eid", "phone-id"),
    ("identity", "id"),
    ("licences", "id"),
    ("vehicles", "car"),
    ("fire", "flame"),
    ("guidance", "megaphone"),
    ("reports", "megaphone"),
    ("order", "shield"),
    ("residence", "home"),
)
OTHER_PICTURE: Final = "document"


class Facts(NamedTuple):
    """One procedure as a tile or a row shows it."""

    id: str
    label: str
    name: str
    picture: str
    time: str
    fee: str
    short_time: str
    short_fee: str
    category: str
    search: str


def picture_of(procedure: Procedure) -> str:
    """The icon for a procedure."""
    text = f"{procedure.id} {procedure.category}"
    return next((icon for word, icon in PICTURES if word in text), OTHER_PICTURE)


def time_text(t: Translator, limit: TimeLimit | None) -> str:
    """How long it takes, in words; the officer says when the catalogue does not."""
    if limit is None:
        return t("common.time.by_officer")
    if limit.unit == "immediate":
        return t("common.time.immediate")
    if limit.unit != "half_working_days":
        return t(f"common.time.{limit.unit}", count=limit.value)
    if limit.value == 1:
        return t("common.time.half_working_day")
    return t("common.time.working_days", count=(limit.value + 1) // 2)


def _short_time(t: Translator, limit: TimeLimit | None) -> str:
    """The same for a tile, where one line is all there is."""
    if limit is not None and limit.unit == "working_days":
        return t("common.time.days", count=limit.value)
    if limit is not None and limit.unit == "half_working_days" and limit.value == 1:
        return t("common.time.half_day")
    return time_text(t, limit)


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def fee_text(t: Translator, procedure: Procedure, today: date) -> str:
    """The usual fee in one or two words."""
    fees = fees_on(procedure, today)
    usual = {fee.amount_vnd for fee in fees if not fee.condition_vi}
    amounts = usual or {fee.amount_vnd for fee in fees}
    if not amounts:
        return t("common.fee.at_counter")
    # "Free" in one case only is not a promise for the others.
    if len(amounts) > 1 or (not usual and amounts == {0}):
        return t("common.fee.by_type")
    amount = amounts.pop()
    return t.money(amount) if amount else t("common.free")


def special_fees(t: Translator, procedure: Procedure, today: date) -> list[tuple[str, str]]:
    """The fees that apply in some case only: (amount, the case)."""
    return [
        (
            t.money(fee.amount_vnd) if fee.amount_vnd else t("common.free"),
            t.choose(fee.condition_vi, fee.condition_en),
        )
        for fee in fees_on(procedure, today)
        if fee.condition_vi
    ]


def facts(t: Translator, procedure: Procedure, today: date) -> Facts:
    """A procedure as a tile or a row shows it."""
    return Facts(
        id=procedure.id,
        label=t.choose(procedure.label_vi, procedure.label_en),
        name=t.choose(procedure.name_vi, procedure.name_en),
        picture=picture_of(procedure),
        time=time_text(t, procedure.time_limit),
        fee=fee_text(t, procedure, today),
        short_time=_short_time(t, procedure.time_limit),
        short_fee=_lower_first(fee_text(t, procedure, today)),
        category=procedure.category,
        search=fold(
            " ".join((procedure.name_vi, procedure.name_en, procedure.label_vi, *procedure.aliases))
        ),
    )


class Paper(NamedTuple):
    """A paper of the checklist in the reader's language."""

    id: str
    name: str
    condition: str


class Papers(NamedTuple):
    """The checklist in three groups: always, sometimes, and only when a look-up fails."""

    needed: list[Paper]
    sometimes: list[Paper]
    lookup: list[Paper]


def papers(t: Translator, documents: Iterable[Document]) -> Papers:
    """The checklist of a procedure."""
    groups = Papers([], [], [])
    for document in documents:
        paper = Paper(
            document.id,
            t.choose(document.name_vi, document.name_en),
            t.choose(document.condition_vi, document.condition_en),
        )
        if document.only_if_lookup_fails:
            groups.lookup.append(paper)
        else:
            (groups.needed if document.required else groups.sometimes).append(paper)
    return groups
