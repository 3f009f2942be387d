"""A buyer's wish to pay for their basket: one shape from page and socket, made into a placement.

Over the socket (`buy`) everybody who pays at the same moment is placed, charged and settled
together.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Sequence
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from panier import markets, payments, people, rooms
from panier.kit.cells import Cell
from panier.kit.errors import PanierError
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.kit.signing import Signer
from panier.markets import Market
from panier.orders.addresses import check_address, check_name
from panier.orders.checkout import Outcome, check_out_all
from panier.orders.companies import Company, read_company
from panier.orders.frozen import Placement
from panier.orders.rules import (
    ORDER_PAGE,
    Consent,
    CurrencyMismatch,
    NoSavedCard,
    StockGone,
    name_on_air,
)
from panier.orders.settle import Settled
from panier.people import Address
from panier.settings import Settings

Text = Annotated[str, msgspec.Meta(max_length=200)]


class SentTo(rooms.Args, kw_only=True):
    """Where the parcels go."""

    line1: Text
    postcode: Annotated[str, msgspec.Meta(max_length=40)]
    city: Text
    country: Annotated[str, msgspec.Meta(max_length=2)]
    line2: Text = ""


class Card(rooms.Args, kw_only=True):
    """What to pay with: a card typed just now, or the one that the buyer let us keep."""

    token: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    """As the provider's card form made it; its form is the provider's to check."""
    saved: bool = False


class Amount(rooms.Args, kw_only=True):
    """The total that the buyer saw."""

    minor: Annotated[int, msgspec.Meta(ge=0)]
    currency: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$")]


class Wish(rooms.Args, kw_only=True):
    """A buyer wants to pay for what their basket holds; the same key again is the same wish."""

    key: UUID
    email: Annotated[str, msgspec.Meta(max_length=254)]
    name: Text
    address: SentTo
    card: Card
    show: UUID | None = None
    remember: bool = False
    name_on_air: Consent = "none"
    total: Amount | None = None
    company: Company | None = None


class Buyer(NamedTuple):
    """Who wishes, and where."""

    cell: Cell
    market: Market
    visitor: UUID
    person: UUID | None
    language: str


async def make_placement(wish: Wish, buyer: Buyer, settings: Settings, signer: Signer) -> Placement:
    """Check a wish and make it a placement with its order page.

    Raises MarketPaused, CurrencyMismatch, BadInput, CountryRefused, PostcodeWrong, NoSavedCard,
    TokenWrong, VatIdWrong.
    """
    market = buyer.market
    markets.check_selling(market.stage)
    if wish.total is not None and wish.total.currency != market.currency:
        raise CurrencyMismatch(currency=market.currency, field="total")
    checkout = new_id()
    page = signer.sign(ORDER_PAGE, {"checkout": str(checkout)})
    name = check_name(wish.name)
    address = Address(**msgspec.structs.asdict(wish.address))
    keep = wish.remember and buyer.person is not None
    address = check_address(address, market.country)
    business = claim = None
    if wish.company is not None:
        business, claim = read_company(wish.company, address.country, settings)
    return Placement(
        checkout=checkout,
        key=wish.key,
        buyer=buyer.visitor,
        market=market,
        show=wish.show,
        person=buyer.person,
        email=people.normal_email(wish.email),
        name=name,
        name_on_air=name_on_air(name, wish.name_on_air),
        address=address,
        remember=keep,
        language=buyer.language,
        token=await _token_of(buyer, wish.card, settings),
        keep=keep,
        expected=Money(wish.total.minor, wish.total.currency) if wish.total else None,
        page_url=f"{settings.public_web_url}{market.path}order/{page}",
        payment_seconds=settings.payment_seconds,
        provider=settings.payments,
        claim=claim,
        business=business,
    )


async def _token_of(buyer: Buyer, card: Card, settings: Settings) -> str:
    if card.token is not None:
        payments.provider_of(settings).check_token(card.token)
        return card.token
    if buyer.person is None or not card.saved:
        raise NoSavedCard
    async with buyer.cell.read() as tx:
        saved = await payments.find_card(tx, buyer.person, settings.payments)
    if saved is None:
        raise NoSavedCard
    return saved.token


def refusal_of(settled: Settled) -> PanierError | None:
    """Return why nothing will be sent, or None."""
    if settled.state == "declined":
        return payments.refusal(settled.reason)
    if settled.state == "refused":
        return StockGone(checkout=str(settled.checkout))
    return None


def tell(settled: Settled, page_url: str) -> dict[str, Any]:
    """Say how a checkout stands: paid, an action that the bank asks for, or pending."""
    state = "pending" if settled.state == "created" else settled.state
    told = {"checkout": str(settled.checkout), "state": state}
    if state == "action":
        return told | {"action_url": settled.action_url, "action_secret": settled.action_secret}
    return told | {"order_url": urlsplit(page_url).path}


Told = dict[str, Any] | PanierError


async def buy_all(calls: Sequence[rooms.Call]) -> list[Told | Awaitable[Told]]:
    """Socket command `buy`, for all who pay at the same moment; answers in their order.

    Where the bank takes its time the answer is to come.
    """
    made = await asyncio.gather(*(_read(call) for call in calls))
    answers: list[Told | Awaitable[Told]] = [{}] * len(calls)
    wanted: defaultdict[Cell, list[tuple[int, Placement]]] = defaultdict(list)
    for n, (call, placement) in enumerate(zip(calls, made, strict=True)):
        if isinstance(placement, PanierError):
            answers[n] = placement
        else:
            wanted[call.cell].append((n, placement))
    for cell, asked in wanted.items():
        settings = calls[asked[0][0]].settings
        ended = await check_out_all(cell, settings, [placement for _, placement in asked])
        for (n, _), end in zip(asked, ended, strict=True):
            answers[n] = _tell_later(end) if isinstance(end, Awaitable) else _tell_end(end)
    return answers


def _tell_end(end: Outcome) -> Told:
    if isinstance(end, PanierError):
        return end
    placed, settled = end
    return refusal_of(settled) or tell(settled, placed.page_url)


async def _tell_later(end: Awaitable[Outcome]) -> Told:
    return _tell_end(await end)


async def _read(call: rooms.Call) -> Placement | PanierError:
    try:
        market = await markets.access_market_in(call.cell, call.market)
        buyer = Buyer(call.cell, market, call.visitor, call.person, call.language)
        wish = msgspec.structs.replace(call.read(Wish), show=call.show)
        return await make_placement(wish, buyer, call.settings, call.signer)
    except PanierError as error:
        return error
