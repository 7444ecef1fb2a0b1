"""Morango's own addresses, and how many dossiers the centre has."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from tests.bench.peer_morango_app.models import Dossier


def kept(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(Dossier.objects.count()))


urlpatterns = [path("", include("morango.urls")), path("kept", kept)]
