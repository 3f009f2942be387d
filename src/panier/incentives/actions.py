"""Writes: vouchers made, agreed to, ended; codes put into a basket and taken out."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from panier import catalog, markets
from panier.incentives.queries import Who, count_mine, find_voucher, get_voucher, normal_code
from panier.incentives.refusals import (
    CodeTaken,
    TooManyVouchers,
    VoucherEnded,
    VoucherUnknown,
)
from panier.incentives.rules import ENTERED_MAX, Kind, Voucher, check_new, check_usable
from panier.kit.clock import now
from panier.kit.db import Tx, run, value
from panier.kit.errors import BadInput, NotFound
from panier.kit.i18n import _
from panier.kit.ids import new_id
from panier.kit.money import BASIS_POINTS


class NewVoucher(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher to be made; amounts are minor units of the market's currency."""

    code: str
    kind: Kind
    basis_points: int = 0
    """Of a percentage."""
    minor: int = 0
    """Of a fixed amount."""
    minimum_minor: int = 0
    funding_basis_points: int = 0
    """The platform's part: 10,000 all of it, 0 the seller all of it."""
    stackable: bool = False
    uses_max: int | None = None
    buyer_max: int | None = None
    markets: Sequence[str] = ()
    """Where it is valid besides the market it is made in; all of the same currency."""
    products: Sequence[UUID] = ()
    sellers: Sequence[UUID] = ()
    shows: Sequence[UUID] = ()
    valid_from: datetime | None = None
    """None: at once."""
    valid_until: datetime | None = None


async def create_voucher(
    tx: Tx, market: str, wanted: NewVoucher, *, seller: UUID | None, by: UUID | None
) -> Voucher:
    """Make a voucher of `seller`, who bears all of it, or of the platform (None).

    One that a seller shall bear a part of names that one seller, and is valid once they agree.
    Raises BadInput, CodeTaken, NotFound.
    """
    home = await markets.get_market(tx, market)
    everywhere = sorted({market, *wanted.markets})
    for other in everywhere:
        if (await markets.get_market(tx, other)).currency != home.currency:
            reason = _("markets of one voucher share a currency")
            raise BadInput(field="markets", reason=reason)
    moment = now()
    begins = wanted.valid_from or moment
    check_new(
        kind=wanted.kind,
        code=normal_code(wanted.code),
        basis_points=wanted.basis_points,
        minor=wanted.minor,
        minimum_minor=wanted.minimum_minor,
        funding_basis_points=wanted.funding_basis_points,
        limits=(wanted.uses_max, wanted.buyer_max),
        begins=begins,
        ends=wanted.valid_until,
        moment=moment,
        seller=seller,
        sellers=wanted.sellers,
    )
    for name in wanted.sellers:
        if (await catalog.get_seller(tx, name)).market not in everywhere:
            raise BadInput(field="sellers", reason=_("this seller sells in another market"))
    agreed = seller is not None or wanted.funding_basis_points == BASIS_POINTS
    voucher = new_id()
    row = msgspec.structs.asdict(wanted) | {
        "id": voucher,
        "code": normal_code(wanted.code),
        "market": market,
        "seller": seller,
        "currency": home.currency,
        "markets": everywhere,
        "products": list(wanted.products),
        "sellers": list(wanted.sellers),
        "shows": list(wanted.shows),
        "valid_from": begins,
        "agreed_at": moment if agreed else None,
        "by": by,
        "at": moment,
    }
    if not await run(tx, INSERT, row):
        raise CodeTaken(code=normal_code(wanted.code))
    found = await get_voucher(tx, voucher)
    if found is None:
        raise NotFound
    return found


INSERT = """
insert into voucher (id, code, market, seller_id, kind, basis_points, currency, minor,
  minimum_minor, funding_basis_points, stackable, uses_max, buyer_max, markets, products, sellers,
  shows, valid_from, valid_until, agreed_at, made_by, at)
values (%(id)s, %(code)s, %(market)s, %(seller)s, %(kind)s, %(basis_points)s, %(currency)s,
  %(minor)s, %(minimum_minor)s, %(funding_basis_points)s, %(stackable)s, %(uses_max)s,
  %(buyer_max)s, %(markets)s, %(products)s, %(sellers)s, %(shows)s, %(valid_from)s,
  %(valid_until)s, %(agreed_at)s, %(by)s, %(at)s)
on conflict (code) do nothing
"""


async def agree(tx: Tx, voucher: UUID) -> None:
    """Note that the seller bears their part; again changes nothing. Raises VoucherEnded."""
    made = await run(
        tx,
        "update voucher set agreed_at = coalesce(agreed_at, %s) where id = %s and ended_at is null",
        (now(), voucher),
    )
    if not made:
        raise VoucherEnded


async def end_voucher(tx: Tx, voucher: UUID) -> None:
    """Let nobody use it any more; orders placed before keep it. Raises NotFound."""
    made = await run(
        tx, "update voucher set ended_at = coalesce(ended_at, %s) where id = %s", (now(), voucher)
    )
    if not made:
        raise NotFound


async def enter(tx: Tx, who: Who, market: str, code: str) -> Voucher:
    """Put a code into the basket; again changes nothing.

    Raises VoucherUnknown and what says why it cannot be used now, whatever the basket holds.
    """
    voucher = await find_voucher(tx, code)
    if voucher is None or market not in voucher.markets:
        raise VoucherUnknown
    (mine,) = await count_mine(tx, [(who, voucher.id)])
    refusal = check_usable(voucher, market, now(), used=voucher.used, mine=mine)
    if refusal is not None:
        raise refusal
    entered = "select count(*) from voucher_entered where buyer = %s and market = %s"
    if int(await value(tx, entered, (who.visitor, market))) >= ENTERED_MAX:
        raise TooManyVouchers(limit=ENTERED_MAX)
    await run(
        tx,
        "insert into voucher_entered (buyer, market, voucher_id, at) values (%s, %s, %s, %s)"
        " on conflict do nothing",
        (who.visitor, market, voucher.id, now()),
    )
    return voucher


async def take_out(tx: Tx, buyer: UUID, market: str, code: str) -> None:
    """Take a code out of the basket; one that is not there is no error."""
    await run(
        tx,
        "delete from voucher_entered e using voucher v where v.id = e.voucher_id"
        " and e.buyer = %s and e.market = %s and v.code = %s",
        (buyer, market, normal_code(code)),
    )
