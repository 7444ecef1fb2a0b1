"""The gallery: pictures in sections on one static page, thumbnails first, no script."""

import html
from pathlib import Path
from typing import Final, NamedTuple

from PIL import Image

THUMBNAIL_WIDTH: Final = 360
STYLE: Final = """
  body { font: 16px/1.4 "Noto Sans", sans-serif; margin: 24px; background: #f5f4ef; color: #14201a }
  section { display: grid; gap: 20px; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)) }
  figure { margin: 0 } figcaption { padding: 6px 2px }
  img { width: 100%; height: 320px; object-fit: contain; object-position: top left;
        background: #fff;
        border: 1px solid #6b7871; border-radius: 6px }
  nav a { margin-right: 18px } a { color: #0b5a41 } h2 { margin: 32px 0 12px }
"""


class Picture(NamedTuple):
    """One picture: which section, which file, what it is called."""

    section: str
    file: str
    title: str


class Gallery:
    """Pictures in a folder and the page that shows them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pictures: list[Picture] = []
        (folder / "small").mkdir(parents=True, exist_ok=True)

    def __len__(self) -> int:
        return len(self._pictures)

    def place(self, section: str, title: str) -> Path:
        """Where the next picture goes."""
        file = f"{len(self._pictures):03d}-{_slug(section)}-{_slug(title)}.png"
        self._pictures.append(Picture(section, file, title))
        return self.folder / file

    def write(self) -> Path:
        """The thumbnails and the page. Returns the page's path."""
        for picture in self._pictures:
            with Image.open(self.folder / picture.file) as image:
                image.thumbnail((THUMBNAIL_WIDTH * 2, 4 * THUMBNAIL_WIDTH))
                image.convert("RGB").save(self.folder / "small" / picture.file)
        sections = list(dict.fromkeys(picture.section for picture in self._pictures))
        links = "".join(f'<a href="#{_slug(one)}">{html.escape(one)}</a>' for one in sections)
        body = "".join(self._section(one) for one in sections)
        page = self.folder / "index.html"
        page.write_text(
            '<!doctype html><html lang="en"><meta charset="utf-8">'
            f"<title>Screens and papers</title><style>{STYLE}</style>"
            f"<h1>{len(self)} screens and papers</h1><nav>{links}</nav>{body}</html>",
            encoding="utf-8",
        )
        return page

    def _section(self, section: str) -> str:
        figures = "".join(
            f'<figure><a href="{one.file}"><img src="small/{one.file}" alt="" loading="lazy"></a>'
            f"<figcaption>{html.escape(one.title)}</figcaption></figure>"
            for one in self._pictures
            if one.section == section
        )
        name = _slug(section)
        return f'<h2 id="{name}">{html.escape(section)}</h2><section>{figures}</section>'


def _slug(text: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in text.lower()).split())
