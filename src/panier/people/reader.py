"""Who reads: every request to a market begins here."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from panier import markets, web
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.errors import Forbidden, NotFound, SignInNeeded
from panier.kit.i18n import set_language
from panier.kit.ids import new_id
from panier.kit.signing import BadToken
from panier.markets import Market
from panier.people.actions import digest
from panier.people.person import Person
from panier.people.queries import SignedIn, find_signed_in
from panier.people.rules import SHOPPER, may
from panier.runtime import Runtime

SESSION_COOKIE = "panier_session"
VISITOR_COOKIE = "panier_visitor"
DAY = 86_400


@dataclass(frozen=True)
class Reader:
    """Who is here: in which market, in which language, signed in or not."""

    market: Market
    cell: Cell
    language: str
    visitor: UUID
    """One browser: the key to its basket, which never leaves the server unsigned."""
    person: Person | None
    """Who is signed in."""
    roles: frozenset[str]
    """What they are in this market; "shopper" is everybody who is signed in."""
    sellers: frozenset[UUID]
    """For whom they work in this market."""


async def read_reader(request: Request, m: str) -> Reader:
    """Find out who reads in market `m` (two small letters); raises NotFound for a closed one."""
    runtime: Runtime = request.app.state.runtime
    if not (len(m) == 2 and m.isascii() and m.islower()):
        raise NotFound(market=m)
    market = await markets.access_market(runtime.cells, m.upper())
    cell = runtime.cells.of(market.code)
    signed_in = await _find_signed_in(request, cell, market.code)
    if not markets.is_public(market.stage) and not (signed_in and signed_in.roles):
        raise NotFound(market=m)
    person = None
    if signed_in:
        person = Person(signed_in.id, signed_in.email, signed_in.name, signed_in.language)
    reader = Reader(
        market=market,
        cell=cell,
        language=_language(request, market, person),
        visitor=_visitor(request, runtime),
        person=person,
        roles=frozenset([*signed_in.roles, SHOPPER]) if signed_in else frozenset(),
        sellers=frozenset(signed_in.sellers) if signed_in else frozenset(),
    )
    set_language(reader.language)
    web.greet(request, reader=reader, market=market)
    markets.remember_market(request, market)
    return reader


ReaderHere = Annotated[Reader, Depends(read_reader)]
"""The parameter of a route or page under /{m}/: `async def page(reader: ReaderHere, …)`."""


def require(reader: Reader, *roles: str) -> Person:
    """Return who is signed in if they have one of `roles` in this market (none: anybody).

    Raises SignInNeeded or Forbidden.
    """
    if reader.person is None:
        raise SignInNeeded
    if roles and not may(reader.roles, roles):
        raise Forbidden
    return reader.person


def require_seller(reader: Reader, seller: UUID) -> Person:
    """Return who is signed in if they work for `seller` or for the whole market.

    Raises SignInNeeded or Forbidden.
    """
    person = require(reader)
    if seller not in reader.sellers and not may(reader.roles, ("market", "finance")):
        raise Forbidden
    return person


def read_session_token(request: Request, cell: Cell) -> str | None:
    """Return the token of a session in `cell`; the cookie bears the cell's name before it."""
    home, _, token = (web.read_cookie(request, SESSION_COOKIE) or "").partition("~")
    return token if token and home == cell.name else None


def keep_session_token(request: Request, cell: Cell, token: str, days: int) -> None:
    """Have the browser keep a session."""
    web.set_cookie(request, SESSION_COOKIE, f"{cell.name}~{token}", days)


def renew_visitor(request: Request, runtime: Runtime) -> UUID:
    """Make this browser a new visitor: with an empty basket, unknown in every room."""
    visitor = new_id()
    token = runtime.signer.sign(VISITOR_COOKIE, {"id": str(visitor)})
    web.set_cookie(request, VISITOR_COOKIE, token)
    return visitor


def _visitor(request: Request, runtime: Runtime) -> UUID:
    kept = web.read_cookie(request, VISITOR_COOKIE)
    if kept is not None:
        try:
            return UUID(runtime.signer.open(VISITOR_COOKIE, kept, 400 * DAY)["id"])
        except BadToken:
            pass  # forged or older than browsers keep cookies: somebody new
    return renew_visitor(request, runtime)


def _language(request: Request, market: Market, person: Person | None) -> str:
    """Choose: the reader's choice, else their account's, else the browser's, else the market's."""
    offered = market.languages
    choice = web.chosen_language(request)
    if choice in offered:
        return choice
    if person and person.language in offered:
        return person.language
    wish = web.negotiate(request.headers.get("accept-language", ""), offered)
    return wish or offered[0]


async def _find_signed_in(request: Request, cell: Cell, market: str) -> SignedIn | None:
    token = read_session_token(request, cell)
    if token is None:
        return None
    async with cell.read() as tx:
        return await find_signed_in(tx, digest(token), market, now())
