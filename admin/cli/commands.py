"""How a function becomes a remote command: its options, its session, and the way it ends."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, get_type_hints

import typer

from admin.cli.failures import CommandFailed, ExitCode
from admin.cli.session import Session, SessionOptions, open_session

Run = Callable[..., None]


def command(app: typer.Typer, name: str, example: str, *, hidden: bool = False) -> Callable[[Run], Run]:
    """Registers a function as the command `name`. Its first parameter is the Session; each other one is an option or an
    argument in typer's words, or a frozen dataclass of such: options that several commands share. What a Session needs
    comes last. `example` is shown by `--help`.
    """

    def register(run: Run) -> Run:
        bundles, parameters = _parameters_of(run)

        def call(**values: Any) -> None:
            with _ending_plainly():
                made = {
                    each: kind(**{part: values.pop(part) for part in parts}) for each, (kind, parts) in bundles.items()
                }
                options = made.pop("")
                run(open_session(options), **values, **made)
                sys.stdout.flush()

        call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # typer reads it
        call.__annotations__ = {each.name: each.annotation for each in parameters}
        # \b keeps click from wrapping the line, which is to be copied.
        app.command(name, help=run.__doc__, epilog=f"\b\nExample:\n  {example}", hidden=hidden)(call)
        return run

    return register


Bundles = dict[str, tuple[type[Any], tuple[str, ...]]]


def _parameters_of(run: Run) -> tuple[Bundles, list[inspect.Parameter]]:
    """Dataclasses among the parameters by their names, with the names of their fields; and all parameters, unfolded.
    The session's own options are under the empty name."""
    hints = get_type_hints(run, include_extras=True)
    session, *own = inspect.signature(run).parameters.values()
    assert hints[session.name] is Session, f"{run.__name__} takes a session first"
    bundles: Bundles = {"": (SessionOptions, tuple(each.name for each in fields(SessionOptions)))}
    parameters: list[inspect.Parameter] = []
    for parameter in own:
        kind = hints[parameter.name]
        if is_dataclass(kind) and isinstance(kind, type):
            bundles[parameter.name] = (kind, tuple(each.name for each in fields(kind)))
            parameters += _fields_of(kind)
        else:
            parameters.append(_keyword(parameter.name, kind, parameter.default))
    return bundles, [*parameters, *_fields_of(SessionOptions)]


def _fields_of(kind: type[Any]) -> Iterator[inspect.Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    for each in fields(kind):
        yield _keyword(
            each.name, hints[each.name], inspect.Parameter.empty if each.default is MISSING else each.default
        )


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


@contextmanager
def _ending_plainly() -> Iterator[None]:
    """What a person can do something about is one line on standard error, and its exit code."""
    try:
        yield
    except CommandFailed as error:
        typer.echo(f"sluice: {error.message}", err=True)
        raise typer.Exit(error.exit_code) from error
    except BrokenPipeError as error:
        # Who read is gone, `head` for one. What is still buffered must not fail once more at the end of the process.
        _drop_output()
        raise typer.Exit(ExitCode.BROKEN_PIPE) from error
    except OSError as error:  # a full disk
        typer.echo(f"sluice: The output cannot be written: {error.strerror}.", err=True)
        _drop_output()
        raise typer.Exit(ExitCode.REFUSED) from error


def _drop_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
