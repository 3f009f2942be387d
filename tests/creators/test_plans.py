"""Making, answering and ending plans; whose share a sale is then."""

import asyncio
from datetime import timedelta
from uuid import UUID

import msgspec
import psycopg
import pytest

from panier import creators, people
from panier.creators import Sale, Share, State
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.errors import BadInput, NotFound
from panier.kit.ids import new_id
from tests.shop import Shop, lay_shop


class Laid(msgspec.Struct):
    """A shop whose host may be invited, and somebody of its staff."""

    shop: Shop
    email: str
    staff: UUID


async def lay(cell: Cell) -> Laid:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        await people.grant_role(tx, shop.host, "host", "FR")
        staff = await people.create_person(
            tx, email=f"ines-{shop.seller.hex[-6:]}@example.org", name="Inès", password_hash="x",
            language="fr",
        )  # fmt: skip
        await people.grant_role(tx, staff, "seller", "FR", shop.seller)
        host = await people.get_person(tx, shop.host)
    return Laid(shop, host.email, staff)


async def make(cell: Cell, laid: Laid, basis_points: int = 1000, **changes: object) -> UUID:
    wanted: dict[str, object] = {
        "market": "FR", "seller": laid.shop.seller, "product": None, "email": None,
        "basis_points": basis_points, "valid_from": None, "valid_until": None, "by": laid.staff,
    }  # fmt: skip
    async with cell.tx() as tx:
        return await creators.create_plan(tx, **{**wanted, **changes})  # type: ignore[arg-type]


async def answer(cell: Cell, laid: Laid, plan: UUID, to: State = State.ACCEPTED) -> None:
    async with cell.tx() as tx:
        await creators.answer(tx, "FR", plan, laid.shop.host, to)


async def share(cell: Cell, laid: Laid, host: UUID | None = None) -> Share | None:
    sale = Sale("FR", host or laid.shop.host, laid.shop.seller, laid.shop.product, now())
    async with cell.read() as tx:
        (found,) = await creators.find_shares(tx, [sale])
    return found


async def test_an_open_plan_gives_every_host_its_share_at_once(cell: Cell) -> None:
    laid, other = await lay(cell), await lay(cell)
    assert await share(cell, laid) is None
    await make(cell, laid, 500)
    assert await share(cell, laid) == Share(laid.shop.host, 500)
    assert await share(cell, laid, other.shop.host) == Share(other.shop.host, 500)
    assert await share(cell, other) is None


async def test_an_invitation_gives_a_share_once_it_is_accepted(cell: Cell) -> None:
    laid = await lay(cell)
    await make(cell, laid, 500)
    asked = await make(cell, laid, 2000, email=laid.email.upper())
    assert await share(cell, laid) == Share(laid.shop.host, 500)
    await answer(cell, laid, asked)
    await answer(cell, laid, asked)  # pressed twice
    assert await share(cell, laid) == Share(laid.shop.host, 2000)
    with pytest.raises(creators.AlreadyAnswered):
        await answer(cell, laid, asked, State.DECLINED)


async def test_a_declined_invitation_gives_nothing(cell: Cell) -> None:
    laid = await lay(cell)
    await answer(cell, laid, await make(cell, laid, email=laid.email), State.DECLINED)
    assert await share(cell, laid) is None


async def test_only_the_person_invited_answers(cell: Cell) -> None:
    laid, other = await lay(cell), await lay(cell)
    asked = await make(cell, laid, email=laid.email)
    with pytest.raises(NotFound):
        await answer(cell, other, asked)
    async with cell.tx() as tx:
        with pytest.raises(NotFound):
            await creators.answer(tx, "GB", asked, laid.shop.host, State.ACCEPTED)


async def test_an_ended_plan_gives_nothing_more_and_ends_once(cell: Cell) -> None:
    laid = await lay(cell)
    plan = await make(cell, laid)
    before = now()
    async with cell.tx() as tx:
        await creators.end_plan(tx, "FR", plan, laid.staff)
        with pytest.raises(creators.PlanOver):
            await creators.end_plan(tx, "FR", plan, laid.staff)
    assert await share(cell, laid) is None
    async with cell.read() as tx:
        sold = Sale("FR", laid.shop.host, laid.shop.seller, laid.shop.product, before)
        assert await creators.find_shares(tx, [sold]) == [Share(laid.shop.host, 1000)]
        (listed,) = await creators.list_plans(tx, "FR", [laid.shop.seller])
    assert (listed.ended_by, listed.maker_name) == (laid.staff, "Inès")


async def test_an_invitation_that_ended_is_not_accepted_any_more(cell: Cell) -> None:
    laid = await lay(cell)
    asked = await make(cell, laid, email=laid.email)
    async with cell.tx() as tx:
        await creators.end_plan(tx, "FR", asked, laid.staff)
    with pytest.raises(creators.PlanOver):
        await answer(cell, laid, asked)


async def test_the_sellers_own_staff_has_no_share(cell: Cell) -> None:
    laid = await lay(cell)
    await make(cell, laid, 500)
    asked = await make(cell, laid, 2000, email=laid.email)
    await answer(cell, laid, asked)
    assert await share(cell, laid, laid.staff) is None
    async with cell.tx() as tx:  # the host is employed later on
        await people.grant_role(tx, laid.shop.host, "seller", "FR", laid.shop.seller)
    assert await share(cell, laid) is None
    with pytest.raises(creators.OwnStaff):
        await make(cell, laid, email=laid.email)


async def test_a_batch_is_answered_in_its_order_by_one_query(cell: Cell) -> None:
    first, second = await lay(cell), await lay(cell)
    await make(cell, first, 500)
    await make(cell, second, 700, product=second.shop.product)
    at = now()
    sales = [
        Sale("FR", first.shop.host, second.shop.seller, second.shop.product, at),
        Sale("FR", None, first.shop.seller, first.shop.product, at),
        Sale("FR", first.shop.host, second.shop.seller, first.shop.product, at),
        Sale("FR", second.shop.host, first.shop.seller, first.shop.product, at),
        Sale("GB", second.shop.host, first.shop.seller, first.shop.product, at),
        Sale("FR", first.shop.host, second.shop.seller, second.shop.product, at),
    ]
    async with cell.read() as tx:
        assert await creators.find_shares(tx, sales) == [
            Share(first.shop.host, 700),
            None,
            None,
            Share(second.shop.host, 500),
            None,
            Share(first.shop.host, 700),
        ]


async def test_nothing_is_read_where_nobody_presented(cell: Cell) -> None:
    laid = await lay(cell)
    sale = Sale("FR", None, laid.shop.seller, laid.shop.product, now())
    async with cell.tx() as tx:
        await tx.execute("drop table creator_plan")
        assert await creators.find_shares(tx, [sale]) == [None]
        with pytest.raises(psycopg.errors.UndefinedTable):  # with a host it would have been read
            await creators.find_shares(tx, [sale._replace(host=laid.shop.host)])


async def test_what_cannot_be_promised_is_refused(cell: Cell) -> None:
    laid, other = await lay(cell), await lay(cell)
    yesterday = now() - timedelta(days=1)
    # VAT of 20 % and a commission of 5 % leave 78.33 % of a price.
    await make(cell, laid, 7833)
    for changes, refusal in (
        ({"basis_points": 7834}, creators.ShareTooLarge),
        ({"basis_points": 99}, BadInput),
        ({"valid_from": yesterday}, creators.PlanTooEarly),
        ({"valid_until": yesterday}, creators.PlanTooEarly),
        ({"product": other.shop.product}, BadInput),
        ({"product": new_id()}, BadInput),
        ({"seller": new_id()}, NotFound),
        ({"market": "GB"}, NotFound),
        ({"email": "nobody@example.org"}, creators.NoSuchHost),
        ({"email": "not an address"}, people.BadEmail),
    ):
        with pytest.raises(refusal):
            await make(cell, laid, **changes)


async def test_a_higher_commission_to_come_bounds_the_share_too(cell: Cell) -> None:
    laid = await lay(cell)
    async with cell.tx() as tx:
        await tx.execute(
            "insert into fee_rule (id, market, tier, basis_points, valid_from, at)"
            " values (%s, 'FR', 'standard', 1500, '2030-01-01', now())",
            (new_id(),),
        )
    with pytest.raises(creators.ShareTooLarge):
        await make(cell, laid, 6834)
    await make(cell, laid, 6833)


async def test_accepting_and_declining_at_once_is_answered_once(cell: Cell) -> None:
    laid = await lay(cell)
    asked = await make(cell, laid, email=laid.email)
    answers = await asyncio.gather(
        *(answer(cell, laid, asked, to) for to in (State.ACCEPTED, State.DECLINED) * 3),
        return_exceptions=True,
    )
    assert {type(a) for a in answers} == {type(None), creators.AlreadyAnswered}
    assert sum(a is None for a in answers) == 3
