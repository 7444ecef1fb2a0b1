"""Static files in memory, and the fonts that are built from Debian's."""

from pathlib import Path

import pytest

from edge_node.web.assets import FOUNDATION, load_assets
from edge_node.web.fonts import SOURCE, WEIGHTS, build, output_name

LETTERS = "ĂÂĐÊÔƠƯăâđêôơưẮẰẲẴẶấầẩẫậềếểễệỳýỷỹỵỨỪỬỮỰ₫0123456789 •–…“”"


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / "css" / f"{name}.css"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def test_any_change_changes_every_address(tmp_path: Path) -> None:
    before = load_assets(write(tmp_path, a="a{}", b="b{}"))
    assert load_assets(tmp_path).release == before.release
    after = load_assets(write(tmp_path, b="b{color:red}"))
    assert after.release != before.release
    assert after.url("css/a.css") == f"/static/{after.release}/css/a.css"


def test_a_name_that_does_not_exist_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match=r"css/none\.css"):
        load_assets(write(tmp_path, a="a{}")).url("css/none.css")


def test_hidden_files_are_not_served(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*")
    assert set(load_assets(tmp_path).by_path) == {FOUNDATION}


def test_without_fonts_nobody_asks_for_them(tmp_path: Path) -> None:
    write(tmp_path, tokens=":root{--ink:#000}", fonts="@font-face{}")
    assert b"@font-face" not in load_assets(tmp_path).by_path[FOUNDATION].body
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "noto-sans-regular.woff2").write_bytes(b"font")
    assert b"@font-face" in load_assets(tmp_path).by_path[FOUNDATION].body


@pytest.mark.skipif(not SOURCE.exists(), reason="needs the Debian package fonts-noto-core")
def test_the_fonts_hold_every_letter_in_20_kilobytes(tmp_path: Path) -> None:
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # noqa: PLC0415

    files = build(output=tmp_path)
    assert [file.name for file in files] == [output_name(weight) for weight in WEIGHTS]
    assert sum(file.stat().st_size for file in files) < 20 << 10
    for file in files:
        with TTFont(file) as font:
            assert [letter for letter in LETTERS if ord(letter) not in font.getBestCmap()] == []
    again = [file.read_bytes() for file in files]
    build(output=tmp_path)
    assert [file.read_bytes() for file in files] == again


def test_only_comments_of_whole_lines_are_left_out(tmp_path: Path) -> None:
    source = """// @ts-check
/**
 * What it is for.
 */
const a = /** @type {any} */ (b); // kept: it ends a line of code
/** @type {x} */ (c).d();
  // a whole line
const url = "https://example.net/*"; /* kept */
/* one line */
const last = "*/";
"""
    folder = tmp_path / "js"
    folder.mkdir()
    (folder / "a.js").write_text(source, "utf-8")
    assert load_assets(tmp_path).by_path["js/a.js"].body.decode().splitlines() == [
        "const a = /** @type {any} */ (b); // kept: it ends a line of code",
        "/** @type {x} */ (c).d();",
        'const url = "https://example.net/*"; /* kept */',
        'const last = "*/";',
    ]
