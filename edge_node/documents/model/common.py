"""What several printed documents share: the sheet, the sender, a paper of the dossier.

Rules: texts are shown as they are, empty text means "left blank for the pen"; times are aware.
Must not know: the domain's types, where values come from, how they are drawn.
"""

from typing import Literal

import msgspec

Sheet = Literal["A4", "A5"]
Language = Literal["vi", "en"]
PaperForm = Literal[
    "original", "certified_copy", "copy_to_compare", "copy", "photocopy", "electronic"
]


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What every legal form carries: who sends it, about which dossier, on which sheet.

    `slip_number` stands before the form's own suffix ("…/PTN", "…/HDHS"). `token_url` and `check`
    are the offline-verifiable code and the eight characters to read aloud beside it; both are put
    in when the paper is drawn, and empty as long as the station has no slip key.
    """

    paper: Sheet = "A4"
    form_reference: str = ""
    superior_agency: str = ""
    agency: str
    place: str  # "Bà Rịa", before the date
    slip_number: str = ""
    dossier_number: str
    provisional: bool = True  # prints the words "mã tạm"
    hotline: str = ""
    lookup_secret: str = ""  # four characters printed beside the dossier number
    token_url: str = ""
    check: str = ""
    reprint: bool = False  # says "in lại": the same paper may exist twice


class Citizen(Letter, frozen=True, kw_only=True):
    """A letter to the person whose dossier it is."""

    full_name: str
    id_number: str = ""
    permanent_address: str = ""
    phone: str = ""
    email: str = ""
    request: str  # what is asked for: the procedure's legal name
    officer_name: str = ""


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """One paper of the dossier as it was handed in; nobody said its `form`: left for the pen."""

    name: str
    form: PaperForm | None = None
    copies: int = 1
    note: str = ""
    asked_because_offline: bool = False
    """Shown only because the look-up in the national databases was not available."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page for a thermal printer: PNG, 1 bit per pixel, one pixel per printer dot."""

    png: bytes
    width_dots: int
    height_dots: int
