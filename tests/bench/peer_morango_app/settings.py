"""Django's settings for either end; the folder of its database comes from the environment."""

import os
from pathlib import Path
from typing import Final

NAME: Final = "tests.bench.peer_morango_app"
FOLDER: Final = Path(os.environ["MORANGO_FOLDER"])
SECRET_KEY = "bench"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "rest_framework",
    "morango",
    NAME,
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = f"{NAME}.urls"
AUTH_USER_MODEL = "peer_morango_app.Officer"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FOLDER / "morango.db",
        "OPTIONS": {"timeout": 60},
    }
}
LOGGING_CONFIG = None
