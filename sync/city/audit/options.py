"""Options of a command line as one value: for commands that have many.

Responsible for giving typer the signature it reads from the fields of a named tuple, whose
annotations are typer's own, and the command one value of that type.
"""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

_Options = TypeVar("_Options")


def takes(options: Callable[..., _Options]) -> Callable[[Callable[[_Options], None]], Any]:
    """Make a command of a function of `options`, a NamedTuple whose defaults are the options'."""
    hints = get_type_hints(options, include_extras=True)
    fields = inspect.signature(options).parameters.values()
    parameters = [
        field.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[field.name])
        for field in fields
    ]

    def decorate(command: Callable[[_Options], None]) -> Any:
        def run(**given: Any) -> None:
            command(options(**given))

        run.__doc__ = command.__doc__
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # for typer
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        return run

    return decorate
