"""Build step: cut Noto Sans down to the letters of Vietnamese and English.

``python -m edge_node.web.fonts [SOURCE_FOLDER [OUTPUT_FOLDER]]`` reads the two TrueType files of
Debian's ``fonts-noto-core`` and writes about 18 KB of WOFF2. The result is never committed; without
it the pages use the fonts of the machine. Needs fontTools with Brotli (development group).
"""

import sys
from pathlib import Path
from typing import Final

SOURCE: Final = Path("/usr/share/fonts/truetype/noto")
OUTPUT: Final = Path(__file__).parent / "static" / "fonts"
WEIGHTS: Final = ("Regular", "Bold")
FEATURES: Final = ("kern", "liga", "mark", "mkmk", "ccmp", "locl")

# Printable ASCII, the Vietnamese letters of Latin-1, Latin Extended-A/B and Additional,
# the dong sign, and the punctuation the pages use.
RANGES: Final = (
    (0x20, 0x7E), (0xA0, 0xA0), (0xA7, 0xA7), (0xAB, 0xAB), (0xB0, 0xB0), (0xB7, 0xB7),
    (0xBB, 0xBB), (0xC0, 0xC3), (0xC8, 0xCA), (0xCC, 0xCD), (0xD2, 0xD5), (0xD7, 0xD7),
    (0xD9, 0xDA), (0xDD, 0xDD), (0xE0, 0xE3), (0xE8, 0xEA), (0xEC, 0xED), (0xF2, 0xF5),
    (0xF9, 0xFA), (0xFD, 0xFD), (0x102, 0x103), (0x110, 0x111), (0x128, 0x129),
    (0x168, 0x169), (0x1A0, 0x1A1), (0x1AF, 0x1B0), (0x1EA0, 0x1EF9), (0x20AB, 0x20AB),
    (0x2013, 0x2014), (0x2018, 0x201D), (0x2022, 0x2022), (0x2026, 0x2026),
)  # fmt: skip


def output_name(weight: str) -> str:
    """The file name the style sheet asks for."""
    return f"noto-sans-{weight.lower()}.woff2"


def build(source: Path = SOURCE, output: Path = OUTPUT) -> list[Path]:
    """Write the subset of each weight; the same input gives the same bytes."""
    from fontTools import subset  # type: ignore[import-untyped]  # noqa: PLC0415 - for building

    characters = [code for first, last in RANGES for code in range(first, last + 1)]
    written = []
    for weight in WEIGHTS:
        options = subset.Options()
        options.flavor = "woff2"
        options.hinting = False
        options.layout_features = list(FEATURES)
        target = output / output_name(weight)
        with subset.load_font(str(source / f"NotoSans-{weight}.ttf"), options) as font:
            font.recalcTimestamp = False
            subsetter = subset.Subsetter(options)
            subsetter.populate(unicodes=characters)
            subsetter.subset(font)
            subset.save_font(font, str(target), options)
        written.append(target)
    return written


if __name__ == "__main__":
    folders = [Path(argument) for argument in sys.argv[1:3]]
    for path in build(*folders):
        sys.stdout.write(f"{path} {path.stat().st_size} bytes\n")
