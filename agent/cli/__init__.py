"""The command line. `polyhop --help` must be quick: nothing but typer is imported before a command runs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .ask import ask, chat, demo, retrieve
from .collections import export, import_, index, list_, reindex, remove, status
from .common import Debug
from .eval import evaluate
from .inspect import doctor, show
from .keys import app as keys
from .server import mcp
from .server import serve as serve_http
from .tools import app as tools
from .tools import serve
from .trace import trace
from .train import train

app = typer.Typer(
    help="Multi-hop retrieval: find the passages that only together answer a question.",
    epilog="Settings are environment variables POLYHOP_…; without POLYHOP_LLM no language model is used.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_COMMANDS = (
    index,
    ask,
    chat,
    retrieve,
    show,
    trace,
    evaluate,
    status,
    list_,
    remove,
    export,
    import_,
    reindex,
    doctor,
    train,
    serve_http,
    mcp,
    demo,
)
_NAMES = {evaluate: "eval", list_: "list", import_: "import", serve_http: "serve"}
for _command in _COMMANDS:
    app.command(_NAMES.get(_command))(_command)
tools.command()(serve)
app.add_typer(tools, name="tools")
app.add_typer(keys, name="keys")


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        from .. import __version__

        typer.echo(f"polyhop {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Log everything and show tracebacks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    Debug.on = debug


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character of a document must not end the program.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    app(prog_name="polyhop")
