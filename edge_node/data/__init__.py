"""The catalogue release built into the product: JSON files and nothing that interprets them."""

from importlib import resources


def read_release() -> dict[str, bytes]:
    """The built-in release: file name → bytes, as `read_catalogue` takes it."""
    folder = resources.files(__name__)
    return {
        entry.name: entry.read_bytes()
        for entry in folder.iterdir()
        if entry.is_file() and entry.name.endswith(".json")
    }
