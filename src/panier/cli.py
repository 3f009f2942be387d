"""The command line: `panier up` runs everything, `panier run ROLE` one role, and a few chores."""

import asyncio
import importlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
import uvloop
from pydantic import ValidationError

from panier import engines, migrations
from panier.kit.errors import PanierError
from panier.kit.i18n import _
from panier.kit.log import set_up_logs
from panier.settings import Settings

CELL = "home"
"""The name of the cell that lives in the embedded PostgreSQL."""
STOP_SECONDS_MAX = 8.0
"""What a role has to finish after it was told to stop."""
PORTS = ("web_port", "rooms_port", "video_port", "rtmp_port")

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
log = structlog.get_logger()


class RoleName(StrEnum):
    """What `panier run` can run."""

    WEB = "web"
    """Pages, API, webhooks in."""
    ROOMS = "rooms"
    """The WebSocket gateway of the rooms."""
    VIDEO = "video"
    """Ingest, packaging, playback, recording."""
    WORKER = "worker"
    """Reactions to events, timers, jobs."""
    FILM = "film"
    """Keeps the sample show on air."""
    AUDIENCE = "audience"
    """Simulates viewers of the sample show."""


# Named by text, so that `panier run rooms` loads what rooms needs and not the whole shop.
MAINS = {
    RoleName.WEB: "panier.app:serve",
    RoleName.ROOMS: "panier.wiring:serve_rooms",
    RoleName.VIDEO: "panier.video:serve",
    RoleName.WORKER: "panier.worker:serve",
    RoleName.FILM: "panier.demo:serve_film",
    RoleName.AUDIENCE: "panier.demo:serve_audience",
}
RECONCILE = "panier.worker:reconcile"
CHECK_PAYMENTS = "panier.payments:check_setup"
ALWAYS = (RoleName.WEB, RoleName.ROOMS, RoleName.VIDEO, RoleName.WORKER)


class NothingRuns(PanierError):
    """No panier runs on %(folder)s: start `panier up`, or set PANIER_CELLS and PANIER_NATS_URL."""

    code, status = "nothing_runs", 503


class OnlyOneEngineGiven(PanierError):
    """Set both PANIER_CELLS and PANIER_NATS_URL to use your own engines, or none of them."""

    code, status = "only_one_engine_given", 422


@dataclass(frozen=True)
class Ground:
    """The engines that a command stands on."""

    settings: Settings
    """With the engines' addresses filled in."""
    seeded: Path | None
    """Exists once embedded engines have been filled with samples; None: they are not ours."""


@dataclass(frozen=True)
class Extras:
    """What `panier up` runs beyond the roles that every installation needs."""

    samples: bool
    """The sample shops, on embedded engines."""
    film: bool
    """The sample show stays on air."""
    audience: bool
    """Simulated viewers; they need the samples."""


@app.command()
def up(
    *,
    demo: Annotated[bool, typer.Option(help="Simulate viewers too.")] = False,
    film: Annotated[bool, typer.Option(help="Keep the sample show on air.")] = True,
    samples: Annotated[bool, typer.Option(help="Fill embedded engines with sample shops.")] = True,
) -> None:
    """Run everything: engines, roles, samples; Ctrl-C ends it."""
    engines.end_with_parent()
    settings = _read_settings()
    set_up_logs("panier", settings.log, settings.log_level)
    extras = Extras(samples=samples, film=film, audience=demo or settings.demo)
    _finish(_up(settings, extras), asyncio.new_event_loop)


@app.command()
def run(role: RoleName) -> None:
    """Run one role, beside a running `panier up` or on engines of your own."""
    settings = _read_settings()
    set_up_logs(role.value, settings.log, settings.log_level)
    _finish(_serve(role, settings), uvloop.new_event_loop)


@app.command()
def migrate() -> None:
    """Bring every cell's database up to date."""
    _finish(_chore(_migrate), asyncio.new_event_loop)


@app.command()
def seed() -> None:
    """Fill an empty installation with the sample shops."""
    _finish(_chore(_seed), asyncio.new_event_loop)


@app.command()
def reconcile() -> None:
    """Check the books, the stock and the rooms' logs; fails if anything does not add up."""
    _finish(_chore(_named(RECONCILE)), asyncio.new_event_loop)


@app.command()
def payments() -> None:
    """Ask the payment provider whether it is set up as this shop needs; changes nothing."""
    settings = _read_settings()
    set_up_logs("panier", settings.log, settings.log_level)
    _finish(_check_payments(settings), asyncio.new_event_loop)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(installed_version("panier"))


def _read_settings() -> Settings:
    """Read the environment; what is wrong in it is a line each, without what was given."""
    try:
        return Settings()
    except ValidationError as error:
        for wrong in error.errors(include_url=False, include_input=False):
            name = "".join(f"PANIER_{str(part).upper()}: " for part in wrong["loc"][:1])
            typer.echo(name + wrong["msg"].removeprefix("Value error, "), err=True)
        raise typer.Exit(1) from None


def _finish(work: Awaitable[bool], new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """Run `work` to its end and exit; errors of ours are one line, not a traceback."""
    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            well = runner.run(_until_told(work))
    except PanierError as error:
        log.error(error.message())  # noqa: TRY400 - the line says it all
        raise typer.Exit(1) from None
    if not well:
        raise typer.Exit(1)


async def _until_told(work: Awaitable[bool]) -> bool:
    """Await `work`; the first signal cancels it in good order, a second one ends at once."""
    task = asyncio.ensure_future(work)
    told = False

    def tell(sign: signal.Signals) -> None:
        nonlocal told
        if told and sign == signal.SIGINT:
            os._exit(128 + sign)  # the leash ends the children
        told = True
        task.cancel()

    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(sign, tell, sign)
    try:
        return await task
    except asyncio.CancelledError:
        return told


# Everything at once


async def _up(settings: Settings, wanted: Extras) -> bool:
    async with _ground(settings, share=False) as ground:
        settings = _with_free_ports(ground.settings)
        await _migrate(settings)
        # Engines of an operator's own are filled only when asked: `--demo`, or `panier seed`.
        samples = wanted.audience or (wanted.samples and ground.seeded is not None)
        environment = _environment(settings)
        sockets = engines.socket_folder(_folder(settings) / "run", None)

        def keep(name: RoleName) -> engines.Keeper:
            return engines.Role(name.value, environment, sockets).keeper()

        roles = [keep(name) for name in ALWAYS]
        extras = [keep(RoleName.FILM)] if samples and wanted.film else []
        extras += [keep(RoleName.AUDIENCE)] if wanted.audience else []
        sign_ins: list[str] = []

        async def seed() -> None:
            sign_ins.extend(await _seed_once(environment, ground.seeded))

        try:
            starts = [role.start() for role in roles]
            await engines.together([*starts, seed()] if samples else starts)
            await engines.together([extra.start() for extra in extras])
            log.info(_banner(settings, sign_ins))
            engines.tell_ready()
            await asyncio.Event().wait()
        finally:
            log.info(_("Stopping."))
            # The audience leaves before the rooms close.
            await engines.stop_all(extras)
            await engines.stop_all(roles)
    return True


async def _seed_once(environment: dict[str, str], mark: Path | None) -> list[str]:
    """Seed in a process of its own; `mark` keeps whom one may sign in as for the next starts."""
    if mark and mark.exists():
        return mark.read_text().splitlines()
    sign_ins = await engines.run_chore("seed", environment)
    if mark:
        mark.write_text("\n".join(sign_ins))
    return sign_ins


def _folder(settings: Settings) -> Path:
    settings.data.mkdir(parents=True, exist_ok=True)
    return settings.data.absolute()


def _with_free_ports(settings: Settings) -> Settings:
    chosen: dict[str, int] = {}
    for name in PORTS:
        wanted = getattr(settings, name)
        port = engines.free_port(wanted, settings.host)
        while port in chosen.values():
            port = engines.free_port(0, settings.host)
        if port != wanted:
            log.info(_("Port %(wanted)s is taken.", wanted=wanted), setting=name, instead=port)
        chosen[name] = port
    return settings.model_copy(update=chosen)


def _environment(settings: Settings) -> dict[str, str]:
    """Hand what was decided here on to the roles."""
    return {
        "PANIER_DATA": str(settings.data.absolute()),
        "PANIER_CELLS": ";".join(f"{name}={dsn}" for name, dsn in settings.cells.items()),
        "PANIER_NATS_URL": settings.nats_url,
        "PANIER_LOG_LEVEL": settings.log_level,
        **{f"PANIER_{name.upper()}": str(getattr(settings, name)) for name in PORTS},
    }


def _banner(settings: Settings, sign_ins: list[str]) -> str:
    # Marked outside f-strings: the gatherer of messages does not look into them.
    pages, encoders = _("Open in a browser"), _("Encoders send to")
    wide = max(len(pages), len(encoders))
    lines = [
        _("panier is up."),
        "",
        f"  {pages:<{wide}}  {settings.public_web_url}/",
        f"  {encoders:<{wide}}  {settings.public_rtmp_url}",
    ]
    if sign_ins:
        lines += ["", "  " + _("Sign in with"), *(f"    {line}" for line in sign_ins)]
    return "\n".join([*lines, "", "  " + _("Ctrl-C ends it."), ""])


# One role, or one chore


async def _serve(role: RoleName, settings: Settings) -> bool:
    engines.end_with_supervisor(STOP_SECONDS_MAX)
    async with _ground(settings, start=False) as ground:
        alive = asyncio.create_task(engines.tell_alive())
        try:
            await _find(MAINS[role])(ground.settings)
        finally:
            alive.cancel()
    return True


async def _chore(work: Callable[[Settings], Awaitable[bool | None]]) -> bool:
    """Work on the given, the running or briefly started engines; False: not everything is well."""
    settings = _read_settings()
    set_up_logs("panier", settings.log, settings.log_level)
    async with _ground(settings) as ground:
        return await work(ground.settings) is not False


async def _check_payments(settings: Settings) -> bool:
    missing: list[str] = await _find(CHECK_PAYMENTS)(settings)
    for line in missing or [_("The payment provider is set up as this shop needs it.")]:
        typer.echo(line)
    return not missing


async def _migrate(settings: Settings) -> None:
    await migrations.migrate_all(list(settings.cells.values()))


async def _seed(settings: Settings) -> None:
    demo = importlib.import_module("panier.demo")
    await demo.seed(settings)
    for email in demo.SIGN_INS:
        typer.echo(f"{email}  {demo.PASSWORD}")


def _named(name: str) -> Callable[[Settings], Awaitable[bool | None]]:
    async def work(settings: Settings) -> bool | None:
        done: bool | None = await _find(name)(settings)
        return done

    return work


def _find(name: str) -> Any:
    module, _sign, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


# The ground under both


@asynccontextmanager
async def _ground(
    settings: Settings, *, share: bool = True, start: bool = True
) -> AsyncIterator[Ground]:
    """Use the given engines; else (`share`) a running panier's; else (`start`) run our own."""
    if bool(settings.cells) != bool(settings.nats_url):
        raise OnlyOneEngineGiven
    if settings.cells:
        yield Ground(settings, None)
    elif share and (found := engines.find_running(settings.data)):
        yield Ground(_standing_on(settings, found), None)
    elif start:
        async with engines.running(settings.data) as ours:
            yield Ground(_standing_on(settings, ours), ours.home / "seeded")
    else:
        raise NothingRuns(folder=str(settings.data))


def _standing_on(settings: Settings, addresses: engines.Addresses) -> Settings:
    return settings.model_copy(
        update={"cells": {CELL: addresses.postgres_dsn}, "nats_url": addresses.nats_url}
    )
