"""K18: how it was today. The first touch counts; a reason may follow and need not."""

from typing import Final

from aiohttp import web

from edge_node.usecases.kiosk import rating
from edge_node.usecases.kiosk.rating import Reason, Score
from edge_node.web.keys import STATION
from edge_node.web.pages import new_key, read_form, render, see_other, translator

FACES: Final = ((Score.GOOD, "face-good"), (Score.FAIR, "face-fair"), (Score.POOR, "face-poor"))


async def ask(request: web.Request) -> web.Response:
    """Three faces. The key makes every press one opinion."""
    t = translator(request)
    faces = [(score.value, t(f"flow.rate.{score}"), picture) for score, picture in FACES]
    return render(request, "kiosk/rate.html.j2", {"faces": faces, "key": new_key()})


async def accept(request: web.Request) -> web.Response:
    """Count it; who was not content may say why."""
    form, t = await read_form(request), translator(request)
    key, score = form.get("key", ""), form.get("score", "")
    await rating.rate(request.app[STATION], key, score)
    if score == Score.GOOD:
        return see_other("/kiosk/rate/thanks")
    values = {"key": key, "reasons": [(one.value, t(f"flow.rate.reason.{one}")) for one in Reason]}
    return render(request, "kiosk/rate_reason.html.j2", values)


async def accept_reason(request: web.Request) -> web.Response:
    """What was not good."""
    form = await read_form(request)
    if "skip" not in form:
        await rating.explain(request.app[STATION], form.get("key", ""), form.get("reason", ""))
    return see_other("/kiosk/rate/thanks")


async def thanks(request: web.Request) -> web.Response:
    """A word, and the first screen again."""
    return render(request, "kiosk/rate_thanks.html.j2", {})


ROUTES: Final = (
    web.get("/kiosk/rate", ask),
    web.post("/kiosk/rate", accept),
    web.post("/kiosk/rate/reason", accept_reason),
    web.get("/kiosk/rate/thanks", thanks),
)
