"""Signing up, in and out; the account; the language."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from panier import web
from panier.kit.errors import BadInput, NotFound, PanierError
from panier.people import actions, rules
from panier.people.devices import keep_device, tried_account
from panier.people.kept import Keepsake
from panier.people.queries import list_sessions
from panier.people.reader import (
    SESSION_COOKIE,
    Reader,
    ReaderHere,
    keep_session_token,
    read_session_token,
    renew_visitor,
    require,
)
from panier.runtime import Runtime

PER_ACCOUNT = "30/hour"
"""Sign-ins tried for one e-mail address, from whatever addresses they come."""

router = APIRouter(prefix="/{m}", include_in_schema=False, default_response_class=HTMLResponse)


class SignIn(BaseModel):
    """The fields of the sign-in form."""

    email: str = Field("", max_length=rules.EMAIL_MAX)
    password: str = Field("", max_length=rules.PASSWORD_MAX)
    next: str = ""


class SignUp(SignIn):
    """The fields of the sign-up form."""

    name: str = Field("", max_length=rules.NAME_MAX)


@dataclass
class Filled:
    """A form as it was filled in, and what is wrong with which field."""

    email: str = ""
    name: str = ""
    next: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    """Message by field; "" is the whole form."""


@router.get("/sign-in")
async def show_sign_in(request: Request, reader: ReaderHere, next: str = "") -> Response:  # noqa: A002 - its name in the address
    """Ask for e-mail address and password."""
    form = Filled(next=web.safe_path(next, reader.market.path))
    if reader.person:
        return RedirectResponse(form.next, 303)
    return web.render(request, "people/sign_in.html", form=form)


@router.post("/sign-in", dependencies=[Depends(web.limit("sign_in", "10/minute"))])
async def sign_in(
    request: Request, reader: ReaderHere, given: Annotated[SignIn, Form()]
) -> Response:
    """Sign in and go on to `next`."""
    form = Filled(email=given.email, next=web.safe_path(given.next, reader.market.path))
    web.check_rate(request, "sign_in_account", PER_ACCOUNT, of=tried_account(request, given.email))
    try:
        person = await actions.sign_in(reader.cell, given.email, given.password)
    except (rules.BadEmail, rules.WrongSignIn) as error:
        form.errors["email" if isinstance(error, rules.BadEmail) else ""] = error.message()
        return web.render(request, "people/sign_in.html", error.status, form=form)
    keep_device(request, given.email)
    await _begin_session(request, reader, person)
    return RedirectResponse(form.next, 303)


@router.get("/sign-up")
async def show_sign_up(request: Request, reader: ReaderHere, next: str = "") -> Response:  # noqa: A002 - its name in the address
    """Ask for what an account needs."""
    form = Filled(next=web.safe_path(next, reader.market.path))
    if reader.person:
        return RedirectResponse(form.next, 303)
    return web.render(request, "people/sign_up.html", form=form, least=rules.PASSWORD_MIN)


@router.post("/sign-up", dependencies=[Depends(web.limit("sign_up", "10/hour"))])
async def sign_up(
    request: Request, reader: ReaderHere, given: Annotated[SignUp, Form()]
) -> Response:
    """Make an account, sign in and go on to `next`."""
    form = Filled(given.email, given.name, web.safe_path(given.next, reader.market.path))
    form.errors = _mistakes(given)
    status = BadInput.status
    if not form.errors:
        try:
            person = await actions.sign_up(
                reader.cell, given.email, given.name, given.password, reader.language
            )
        except rules.EmailTaken as error:
            form.errors["email"], status = error.message(), error.status
        else:
            keep_device(request, given.email)
            await _begin_session(request, reader, person)
            return RedirectResponse(form.next, 303)
    return web.render(request, "people/sign_up.html", status, form=form, least=rules.PASSWORD_MIN)


@router.post("/sign-out")
async def sign_out(request: Request, reader: ReaderHere) -> Response:
    """End this browser's session; the next one at this machine finds no basket of ours."""
    token = read_session_token(request, reader.cell)
    if token:
        async with reader.cell.tx() as tx:
            await actions.sign_out(tx, token)
    return _leave(request, reader)


@router.get("/account")
async def show_account(request: Request, reader: ReaderHere) -> Response:
    """Show what we keep about a person, and where they are signed in."""
    person = require(reader)
    async with reader.cell.read() as tx:
        kept = [(keepsake, await keepsake.show(tx, person.id)) for keepsake in _keepsakes(request)]
        sessions = await list_sessions(tx, person.id)
    current = actions.digest(read_session_token(request, reader.cell) or "")
    return web.render(
        request,
        "people/account.html",
        person=person,
        kept=kept,
        days=request.app.state.runtime.settings.session_days,
        sessions=sessions,
        current=current,
    )


@router.post("/account/{name}/forget")
async def forget(request: Request, reader: ReaderHere, name: str) -> Response:
    """Forget one kind of what was kept for the next purchase; raises NotFound."""
    person = require(reader)
    for keepsake in _keepsakes(request):
        if keepsake.name == name:
            async with reader.cell.tx() as tx:
                await keepsake.forget(tx, person.id)
            return RedirectResponse(f"{reader.market.path}account", 303)
    raise NotFound


@router.post("/account/sign-out-everywhere")
async def sign_out_everywhere(request: Request, reader: ReaderHere) -> Response:
    """End all sessions of a person, this one too."""
    person = require(reader)
    async with reader.cell.tx() as tx:
        await actions.sign_out_everywhere(tx, person.id)
    return _leave(request, reader)


@router.post("/language")
async def choose_language(
    request: Request,
    reader: ReaderHere,
    language: Annotated[str, Form()],
    back: Annotated[str, Form()] = "",
) -> Response:
    """Read on in another language of this market."""
    if language not in reader.market.languages:
        raise BadInput(field="language", reason=language)
    web.choose_language(request, language)
    if reader.person:
        async with reader.cell.tx() as tx:
            await actions.choose_language(tx, reader.person.id, language)
    return RedirectResponse(web.safe_path(back, reader.market.path), 303)


def _keepsakes(request: Request) -> list[Keepsake]:
    kept: list[Keepsake] = request.app.state.keepsakes
    return kept


def _mistakes(given: SignUp) -> dict[str, str]:
    """Tell what is wrong with which field, all at once."""
    found: dict[str, str] = {}
    checks: dict[str, Callable[[], object]] = {
        "email": lambda: rules.normal_email(given.email),
        "name": lambda: rules.normal_name(given.name),
        "password": lambda: rules.check_password(given.password, given.email, given.name),
    }
    for name, check in checks.items():
        try:
            check()
        except PanierError as error:
            found[name] = error.message()
    return found


async def _begin_session(request: Request, reader: Reader, person: UUID) -> None:
    """Begin a new session; one that this browser had before ends (no session is fixed)."""
    runtime: Runtime = request.app.state.runtime
    days = runtime.settings.session_days
    earlier = read_session_token(request, reader.cell)
    device = rules.device_of(request.headers.get("user-agent", ""))
    async with reader.cell.tx() as tx:
        if earlier:
            await actions.sign_out(tx, earlier)
        token = await actions.open_session(tx, person, device, days)
    keep_session_token(request, reader.cell, token, days)


def _leave(request: Request, reader: Reader) -> Response:
    web.drop_cookie(request, SESSION_COOKIE)
    renew_visitor(request, request.app.state.runtime)
    return RedirectResponse(reader.market.path, 303)
