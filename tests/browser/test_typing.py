"""The composer as Chromium runs it: every syllable, every usual order of keys."""

import json

import pytest
from playwright.async_api import Browser

from tests.browser.conftest import SIZES, Node
from tests.browser.kiosk_steps import open_page
from tests.browser.syllables import syllables, ways

pytestmark = pytest.mark.browser

DICTIONARY_SYLLABLES = 6_614
TELEX_SHARE = 0.996
COMPOSE = """async ([items, method]) => {
  const [link] = document.querySelectorAll("link[href$='vietnamese.js']");
  const {compose} = await import(link.href);
  return items.filter(([keys, written]) => compose(keys, method) !== written);
}"""
SPELT = {
    "telex": {
        "aaa": "aa", "ooo": "oo", "eee": "ee", "ddd": "dd", "ass": "as", "asss": "ass", "ww": "w",
        "aww": "aw", "uww": "uw", "toans": "toán", "xooong": "xoong", "nguyeexn": "nguyễn",
        "HOAF": "HÒA", "DDAWSK": "ĐẮK", "HDDND": "HĐND", "Masteri": "Masteri", "hoasz": "hoa",
        "ngoeof": "ngoèo", "thuowr": "thuở", "w": "ư", "tw": "tư", "nguyênx": "nguyễn",
        "tiếng": "tiếng", "khuyru": "khuỷu", "giaf": "già", "quas": "quá",
    },
    "vni": {
        "a66": "a6", "a11": "a1", "o77": "o7", "a88": "a8", "d99": "d9", "duong972": "đường",
        "nguyen64": "nguyễn", "thuo73": "thuở", "12": "12", "as": "as", "hoa10": "hoa",
    },
    "auto": {
        "nguyeenx": "nguyễn", "nguyen64": "nguyễn", "A1": "A1", "A1nh": "Ánh", "B12": "B12",
        "Times": "Times", "aaa": "aa", "ooo": "oo",
    },
    "off": {"nguyeenx": "nguyeenx"},
}  # fmt: skip


async def test_every_syllable_is_typed_exactly(node: Node, chromium: Browser) -> None:
    everything = syllables()
    assert len(everything) >= DICTIONARY_SYLLABLES
    async with open_page(chromium, node.url, SIZES["upright"]) as page:
        for method, vni in (("telex", False), ("vni", True)):
            items = [
                (keys, one.written)
                for one in everything
                for keys in dict.fromkeys(ways(one.base, one.tone, vni=vni))
            ]
            wrong = await page.evaluate(COMPOSE, [items, method])
            if vni:
                assert wrong == []
            else:
                assert len(wrong) <= (1 - TELEX_SHARE) * len(items), wrong[:20]
        # Both at once: only the long "oo" of a few loan words needs Telex or VNI by name.
        items = [
            (ways(one.base, one.tone, vni=vni)[0], one.written)
            for one in everything
            for vni in (False, True)
            if "oo" not in one.base
        ]
        assert await page.evaluate(COMPOSE, [items, "auto"]) == []


async def test_keys_are_taken_back_and_foreign_words_left_alone(
    node: Node, chromium: Browser
) -> None:
    async with open_page(chromium, node.url, SIZES["upright"]) as page:
        for method, words in SPELT.items():
            wrong = await page.evaluate(COMPOSE, [list(words.items()), method])
            assert wrong == [], json.dumps([method, wrong], ensure_ascii=False)
        assert await page.evaluate(COMPOSE, [[("aas", "wrong")], "telex"]) == [["aas", "wrong"]]
