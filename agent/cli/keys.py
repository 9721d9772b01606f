"""`polyhop keys`: who may use a server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import Json, command, note, print_json

if TYPE_CHECKING:
    from ...core.settings import Settings
    from ..service.keys import KeyStore

app = typer.Typer(help="Keep the keys of `polyhop serve`.", no_args_is_help=True)

KeyId = Annotated[str, typer.Argument(metavar="ID", help="Id of a key, as `list` shows it.", show_default=False)]


@app.command()
@command("home")
def add(
    *,
    tenant: Annotated[str, typer.Option(help="Whose collections the key opens.")] = "default",
    scope: Annotated[list[str] | None, typer.Option(help="read, write or admin; several may be given.  [read]")] = None,
    days: Annotated[float | None, typer.Option(min=0, help="How long it holds; for ever by default.")] = None,
    remark: Annotated[str, typer.Option(help="What it is for.")] = "",
    replaces: Annotated[str, typer.Option(metavar="ID", help="A key that it takes the place of.")] = "",
    overlap: Annotated[float, typer.Option(min=0, help="Hours that the replaced key still holds.")] = 24.0,
    settings: Settings,
) -> None:
    """Make a key and print it; it cannot be shown again.

    With --replaces it has the tenant and the scopes of the old key.
    """
    store = _store(settings)
    if replaces:
        key = store.rotate(replaces, hours=overlap)
    else:
        key = store.add(tenant, scope or ["read"], remark=remark, days=days)
    typer.echo(key)
    note("this is the only time that the key is shown")


@app.command("list")
@command("home")
def list_keys(*, as_json: Json = False, settings: Settings) -> None:
    """List the keys, without the secrets."""
    from ..show import plain

    now = time.time()
    rows: list[dict[str, Any]] = [
        {
            "id": one.id,
            "tenant": one.tenant,
            "scopes": sorted(one.scopes),
            "made": _day(one.made),
            "ends": None if one.ends is None else _day(one.ends),
            "holds": one.holds(now),
            "remark": one.remark,
        }
        for one in _store(settings).listed()
    ]
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        until = "ended" if not row["holds"] else f"until {row['ends']}" if row["ends"] else "holds"
        typer.echo(plain(f"{row['id']}  {row['tenant']}  {','.join(row['scopes'])}  {until}  {row['remark']}"))


@app.command()
@command("home")
def revoke(key: KeyId, *, settings: Settings) -> None:
    """End a key; a running server refuses it from the next request on."""
    _store(settings).revoke(key)


def _store(settings: Settings) -> KeyStore:
    from ..service.keys import KeyStore

    return KeyStore(settings.home)


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(seconds))
