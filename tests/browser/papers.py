"""Pictures of every printed document, drawn from canned facts by the templates themselves."""

from tests.browser.gallery import Gallery


def draw(gallery: Gallery) -> None:
    """Each document into the gallery's section of papers."""
