"""Pictures of every printed document, drawn from canned facts by the templates themselves."""

from io import BytesIO
from typing import Final

import pypdfium2
from PIL import Image

from edge_node.documents import render
from edge_node.documents.samples import SAMPLES, kind_of
from tests.browser.gallery import Gallery

SECTION: Final = "papers"
SCALE: Final = 1.6
"""Pixels of a picture for each point of a sheet."""


def draw(gallery: Gallery) -> None:
    """Each document into the gallery's section of papers, every page of it."""
    for name, slip in SAMPLES.items():
        drawn = render.draw(kind_of(name), slip)
        if drawn.medium == "roll":
            Image.open(BytesIO(drawn.document)).save(gallery.place(SECTION, name))
            continue
        with pypdfium2.PdfDocument(drawn.document) as sheets:
            for number, sheet in enumerate(sheets, 1):
                picture = sheet.render(scale=SCALE).to_pil()
                picture.save(gallery.place(SECTION, f"{name} {number}"))
