"""Command line: arguments in, messages and exit status out.

Every command imports what it needs when it runs, so that ``--help`` is quick.
"""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from retrodetect.cli.inspect import annotate, inspect
from retrodetect.cli.label import history, label
from retrodetect.cli.train import evaluate, models, simulate, train
from retrodetect.errors import InputError, OutputError, RetrodetectError
from retrodetect.runs import NUMERICAL_THREADS

__all__ = ["app", "main"]

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130

GARBAGE_OBJECTS = 100_000
"""New objects that start a garbage collection; the default is so low that imports, which leave no
garbage, take a quarter longer."""


class _Command(TyperCommand):
    """A command whose help does not import a library that draws boxes."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write a list for each topic: arguments, options, then the named topics."""
        topics: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            usual = f"{parameter.param_type_name.capitalize()}s"
            topic = getattr(parameter, "rich_help_panel", None) or usual
            if line := parameter.get_help_record(ctx):
                topics.setdefault(topic, []).append(line)
        for topic, lines in topics.items():
            with formatter.section(topic):
                formatter.write_dl(lines)


app = typer.Typer(
    name="retrodetect",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_COMMANDS = (label, inspect, annotate, train, evaluate, history, simulate, models)
for _command in _COMMANDS:
    app.command(cls=_Command)(_command)

# The parser's own error; which package it comes from depends on the version of typer.
_ParserError: type[Exception] = typer.BadParameter.__mro__[1]


def main() -> None:
    """Run the command line and exit with its status."""
    gc.set_threshold(GARBAGE_OBJECTS)
    for name in NUMERICAL_THREADS:
        # Matrices are small: threads would wait for each other longer than they work.
        os.environ.setdefault(name, "1")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # File names may contain characters that the terminal, or a file, cannot show.
            stream.reconfigure(errors="backslashreplace")
    try:
        status = app(standalone_mode=False) or 0
    except _ParserError as error:
        status = _fail(_with_remedy(error), WRONG_USAGE)
    except (InputError, OutputError) as error:
        status = _fail(str(error), FAILED)
    except RetrodetectError as error:
        status = _fail(str(error), WRONG_USAGE)
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    except OSError as error:
        status = FAILED
        where = f"{error.filename}: " if error.filename else ""
        if error.filename is None and error.errno in (errno.EPIPE, errno.ENOSPC, errno.EIO):
            where = "standard output: "
            # The reader of a pipe has gone, or the disk of a log is full: write nothing more
            # there, not even at exit.
            if sys.stdout is not None:
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            _fail(f"{where}{error.strerror or error}. Fix that, then try again.", FAILED)
    if status == INTERRUPTED:
        _fail("Interrupted. Run the same command to resume.", INTERRUPTED)
    gc.freeze()  # the process frees everything: no collection at exit
    sys.exit(status)


def _with_remedy(error: Any) -> str:
    """Return the parser's message, with the command that lists all options."""
    message: str = error.format_message().replace(": Value error, ", ": ")
    end = "" if message.endswith(("?", ".")) else "."
    command = [name for name in sys.argv[1:2] if name in {each.__name__ for each in _COMMANDS}]
    return f"{message}{end} See {' '.join(['retrodetect', *command])} --help."


def _fail(message: str, status: int) -> int:
    typer.echo(f"retrodetect: {message}", err=True)
    return status


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Label every stride of an accelerometer recording forward or backward."""
    if version:
        from retrodetect import __version__

        typer.echo(__version__)
        raise typer.Exit
