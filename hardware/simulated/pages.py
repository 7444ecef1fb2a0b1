"""The output tray of a simulated printer: numbered pages in a folder.

Responsible for writing finished pages so that a reader never sees half a file.
Rules: 000001.png, 000002.png, … in the order of printing, each with a .json beside it that is
written first; numbering goes on where an earlier run stopped.
Must not know: how pages come about.
"""

from dataclasses import dataclass
from pathlib import Path

import msgspec
from PIL import Image


class PageNote(msgspec.Struct, frozen=True, kw_only=True):
    """The sidecar of one page. `document_format` is the media type that arrived."""

    page: int
    width_dots: int
    height_dots: int
    printed_at: str
    document_format: str
    job_name: str = ""
    job_page: int = 1
    unknown_bytes: int = 0


@dataclass(slots=True)
class Tray:
    """The folder pages fall into."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def pages(self) -> list[str]:
        """File names of the finished pages in printing order."""
        return sorted(path.name for path in self.folder.glob("[0-9]*.png"))

    def next_number(self) -> int:
        """The number the next page gets."""
        names = self.pages()
        return int(Path(names[-1]).stem) + 1 if names else 1

    def drop(self, picture: Image.Image, note: PageNote) -> Path:
        """Writes the page and its note; returns the page's path."""
        path = self.folder / f"{note.page:06d}.png"
        partial = path.with_suffix(".part")
        self.save(path.with_suffix(".json"), msgspec.json.encode(note))
        picture.save(partial, "PNG")
        partial.replace(path)
        return path

    def save(self, path: Path, data: bytes) -> None:
        """Writes a file in the tray in one step."""
        partial = path.with_name(path.name + ".part")
        partial.write_bytes(data)
        partial.replace(path)
