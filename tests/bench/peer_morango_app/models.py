"""A dossier that Morango carries, and who may ask the centre for a certificate."""

from typing import Final

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.management import call_command
from django.db import models
from django.db.backends.signals import connection_created
from morango.models.certificates import ScopeDefinition
from morango.models.core import SyncableModel

PROFILE: Final = "stationdata"
SCOPE: Final = "station"
OFFICER: Final = "can-bo-1"
PASSWORD: Final = "mat-khau"


class Officer(AbstractBaseUser):  # type: ignore[misc]
    USERNAME_FIELD = "username"
    username = models.CharField(max_length=20, unique=True)
    objects = BaseUserManager()

    def __str__(self) -> str:
        return str(self.username)

    def has_morango_certificate_scope_permission(self, *_: object) -> bool:
        return True


class Dossier(SyncableModel):  # type: ignore[misc]
    morango_profile = PROFILE
    morango_model_name = "dossier"
    station = models.CharField(max_length=32)
    dossier_id = models.CharField(max_length=32)
    type = models.CharField(max_length=40)
    saved_at = models.CharField(max_length=40)
    body = models.TextField()

    def __str__(self) -> str:
        return str(self.dossier_id)

    def calculate_source_id(self, *_: object) -> str:
        return str(self.dossier_id)

    def calculate_partition(self, *_: object) -> str:
        return f"{self.station}:dossier"


def prepare() -> None:
    """An empty database in which every commit is durable, and the scope of a station's data."""
    connection_created.connect(_be_durable, weak=False)
    call_command("migrate", run_syncdb=True, verbosity=0)
    ScopeDefinition.objects.create(
        id=SCOPE,
        profile=PROFILE,
        version=1,
        primary_scope_param_key=SCOPE,
        description="Dossiers of one station.",
        read_write_filter_template="${station}",
    )


def _be_durable(connection: object, **_: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=wal", "synchronous=full"):
        cursor.execute(f"PRAGMA {pragma}")
