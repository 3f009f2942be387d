"""Payout runs: who is proposed, who approves, what is booked, and what the provider answers."""

from datetime import timedelta
from uuid import UUID

import pytest

from panier import events, ledger, payments, payouts
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import value
from panier.kit.errors import NotFound
from panier.kit.ids import new_id
from panier.kit.outbox import record
from panier.payouts.handlers import hear_transfer
from panier.payouts.queries import find_run, list_balances, list_payouts
from panier.payouts.rules import CannotRetry, NothingDue, RunDecided, SecondPersonNeeded
from panier.settings import Settings
from tests.payouts.laid import (
    AVAILABLE,
    FREE,
    Finance,
    balances,
    connect,
    deliver,
    euros,
    lay_finance,
    refund,
    run_for,
    sell,
)
from tests.shop import Shop, lay_shop

MINUTE = timedelta(minutes=1)


async def lay(
    cell: Cell, settings: Settings, mailbox: str = "pay@example.org", orders: int = 1
) -> tuple[Shop, Finance, list[UUID]]:
    """Lay a shop whose seller may have 24.58 and whose creator 3.00 an order, with accounts."""
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        finance = await lay_finance(tx)
        sold = [await sell(tx, shop) for _ in range(orders)]
        for order in sold:
            await deliver(tx, order)
    await connect(cell, settings, "seller", shop.seller, mailbox)
    await connect(cell, settings, "creator", shop.host, mailbox)
    await payouts.release_due(cell, settings, FREE)
    return shop, finance, sold


async def states(cell: Cell, run: UUID) -> list[tuple[str, int, str, str | None]]:
    async with cell.read() as tx:
        return [(p.kind, p.minor, p.state, p.reason) for p in await list_payouts(tx, run)]


async def stands(cell: Cell, kind: str, owner: str = "sandbox") -> int:
    async with cell.read() as tx:
        assert await ledger.check_books(tx) == []
        return (await ledger.get_balance(tx, ledger.Account(kind, owner, "EUR"))).minor


async def test_a_run_pays_seller_and_creator_through_the_provider(
    cell: Cell, settings: Settings
) -> None:
    shop, finance, _ = await lay(cell, settings)
    run = await run_for(cell, settings, finance, minimum=100)
    assert await states(cell, run) == [
        ("seller", 2458, "approved", None),
        ("creator", 300, "approved", None),
    ]
    assert (await stands(cell, "payout"), await stands(cell, "clearing")) == (-2758, 3190)
    assert await payouts.send_payouts(cell, settings, now()) == 2
    assert await states(cell, run) == [
        ("seller", 2458, "paid", None),
        ("creator", 300, "paid", None),
    ]
    assert (await stands(cell, "payout"), await stands(cell, "clearing")) == (0, 432)
    async with cell.read() as tx:
        assert await balances(tx, shop) == (0, 0, 0, 0, 0)
        # what is left at the provider: 5.82 VAT and 1.50 commission, less 3.00 of subsidy
        assert await value(tx, "select sum(minor) from sandbox_transfer") == 2758
        assert [(b.kind, b.due_minor) for b in await list_balances(tx, "FR", "EUR")] == [
            ("seller", 0),
            ("creator", 0),
        ]
    assert await payouts.send_payouts(cell, settings, now() + timedelta(days=1)) == 0


async def test_small_and_missing_balances_and_those_without_an_account_wait(
    cell: Cell, settings: Settings
) -> None:
    _shop, finance, _ = await lay(cell, settings)
    async with cell.tx() as tx:
        other = await lay_shop(tx)  # has an order due, and no account
        await deliver(tx, await sell(tx, other))
    await payouts.release_due(cell, settings, FREE)
    run = await run_for(cell, settings, finance, minimum=301)
    assert await states(cell, run) == [("seller", 2458, "approved", None)]
    async with cell.tx() as tx:
        with pytest.raises(NothingDue):
            await payouts.create_run(
                tx, "FR", "sandbox", euros(301), maker=finance.maker, moment=now()
            )
        assert sorted(b.due_minor for b in await list_balances(tx, "FR", "EUR")) == [
            0, 300, 300, 2458,
        ]  # fmt: skip


async def test_whoever_made_a_run_cannot_approve_it(cell: Cell, settings: Settings) -> None:
    _, finance, _ = await lay(cell, settings)
    run = await run_for(cell, settings, finance, approve=False)
    for roles in ({"finance"}, {"finance", "admin"}):
        async with cell.tx() as tx:
            with pytest.raises(SecondPersonNeeded):
                await payouts.approve_run(
                    tx, run, "sandbox", payouts.Decider(finance.maker, roles), now()
                )
    assert await stands(cell, "payout") == 0


async def test_an_admin_approves_only_where_finance_is_one_person(
    cell: Cell, settings: Settings
) -> None:
    shop, finance, _ = await lay(cell, settings)
    run = await run_for(cell, settings, finance, approve=False)
    admin = payouts.Decider(shop.host, {"admin"})
    async with cell.tx() as tx:
        with pytest.raises(SecondPersonNeeded):
            await payouts.approve_run(tx, run, "sandbox", admin, now())
    async with cell.tx() as tx:
        await tx.execute("delete from role where person_id = %s", (finance.approver,))
        assert await payouts.approve_run(tx, run, "sandbox", admin, now()) == 1


async def test_a_run_is_decided_once(cell: Cell, settings: Settings) -> None:
    _, finance, _ = await lay(cell, settings)
    run = await run_for(cell, settings, finance)
    dropped = await run_for(cell, settings, finance, minimum=100, approve=False)
    async with cell.tx() as tx:
        await payouts.drop_run(tx, dropped, finance.maker, now())
    by = payouts.Decider(finance.approver, {"finance"})
    for key in (run, dropped):
        async with cell.tx() as tx:
            with pytest.raises(RunDecided):
                await payouts.approve_run(tx, key, "sandbox", by, now())
            with pytest.raises(RunDecided):
                await payouts.drop_run(tx, key, finance.maker, now())
    async with cell.tx() as tx:
        with pytest.raises(NotFound):
            await payouts.approve_run(tx, new_id(), "sandbox", by, now())
    assert await states(cell, dropped) == [("creator", 300, "dropped", None)]
    assert await stands(cell, "payout") == -2458


async def test_a_refund_between_draft_and_approval_lowers_the_payout(
    cell: Cell, settings: Settings
) -> None:
    shop, finance, (order, _) = await lay(cell, settings, orders=2)
    run = await run_for(cell, settings, finance, approve=False)
    async with cell.tx() as tx:
        key = await refund(tx, shop, order)
        await record(  # no worker has come to it yet
            tx,
            events.OrderRefunded(
                market="FR", order=order, seller=shop.seller, refund=key, paid=euros(3190),
                subsidy=euros(300), vat=euros(582), commission=euros(150),
                creators=[(shop.host, euros(300))],
            ),
        )  # fmt: skip
        by = payouts.Decider(finance.approver, {"finance"})
        assert await payouts.approve_run(tx, run, "sandbox", by, now()) == 1
    assert await states(cell, run) == [("seller", 2458, "approved", None)]


async def test_what_is_no_longer_there_is_left_out(cell: Cell, settings: Settings) -> None:
    shop, finance, (order,) = await lay(cell, settings)
    run = await run_for(cell, settings, finance, approve=False)
    async with cell.tx() as tx:
        await refund(tx, shop, order)
        await payouts.correct(tx, [order], now())
        by = payouts.Decider(finance.approver, {"finance"})
        assert await payouts.approve_run(tx, run, "sandbox", by, now()) == 0
    assert await states(cell, run) == [("seller", 2458, "dropped", "too_little")]
    async with cell.read() as tx:
        found = await find_run(tx, run)
        assert found is not None
        assert (found.state, found.payouts, found.minor) == ("approved", 0, 0)


async def test_a_refund_after_the_payout_is_carried_over(cell: Cell, settings: Settings) -> None:
    shop, finance, (order, _) = await lay(cell, settings, orders=2)
    await run_for(cell, settings, finance)
    await payouts.send_payouts(cell, settings, now())
    async with cell.tx() as tx:
        await refund(tx, shop, order)
        await payouts.correct(tx, [order], now())
        assert (await balances(tx, shop))[1] == -2458
        later = await sell(tx, shop)
        await deliver(tx, later)
        await deliver(tx, await sell(tx, shop))
    await payouts.release_due(cell, settings, FREE)
    run = await run_for(cell, settings, finance)
    assert await states(cell, run) == [("seller", 2458, "approved", None)]


async def test_a_late_transfer_is_paid_when_the_provider_says_so(
    cell: Cell, settings: Settings
) -> None:
    _, finance, _ = await lay(cell, settings, "late@example.org")
    run = await run_for(cell, settings, finance)
    await payouts.send_payouts(cell, settings, now())
    assert await states(cell, run) == [("seller", 2458, "sent", None)]
    assert await stands(cell, "payout") == -2458
    async with cell.read() as tx:
        key = await value(tx, "select transfer_key from payout where run_id = %s", (run,))
    told = events.TransferReported(market="FR", transfer=key, state="done", reason=None)
    for _ in range(2):
        await cell.run(lambda tx: hear_transfer(tx, told))
    assert await states(cell, run) == [("seller", 2458, "paid", None)]
    assert await stands(cell, "payout") == 0
    # the bank sends it back after all
    came_back = events.TransferReported(
        market="FR", transfer=key, state="failed", reason="account_closed"
    )
    for _ in range(2):
        await cell.run(lambda tx: hear_transfer(tx, came_back))
    assert await states(cell, run) == [("seller", 2458, "returned", "account_closed")]
    assert (await stands(cell, "payout"), await stands(cell, "clearing")) == (0, 3190)
    await run_for(cell, settings, finance)  # and is due again


async def test_a_late_transfer_is_asked_about_when_its_webhook_is_lost(
    cell: Cell, settings: Settings
) -> None:
    _, finance, _ = await lay(cell, settings, "late@example.org")
    run = await run_for(cell, settings, finance)
    await payouts.send_payouts(cell, settings, now())
    await payouts.send_payouts(cell, settings, now() + 2 * MINUTE)
    assert await states(cell, run) == [("seller", 2458, "sent", None)]
    async with cell.tx() as tx:
        await tx.execute("update sandbox_transfer set state = 'succeeded', settles_at = null")
    await payouts.send_payouts(cell, settings, now() + 20 * MINUTE)
    assert await states(cell, run) == [("seller", 2458, "paid", None)]


async def test_a_refused_transfer_is_tried_again_by_hand_or_given_back(
    cell: Cell, settings: Settings
) -> None:
    shop, finance, _ = await lay(cell, settings, "closed@example.org")
    run = await run_for(cell, settings, finance)
    await payouts.send_payouts(cell, settings, now())
    assert await states(cell, run) == [("seller", 2458, "failed", "account_closed")]
    async with cell.read() as tx:
        (payout,) = await list_payouts(tx, run)
    async with cell.tx() as tx:
        await payouts.retry(tx, payout.id, run, now())
    async with cell.tx() as tx:
        with pytest.raises(CannotRetry):
            await payouts.retry(tx, payout.id, run, now())
        with pytest.raises(CannotRetry):
            await payouts.give_back(tx, payout.id, run, now())
        with pytest.raises(NotFound):
            await payouts.retry(tx, payout.id, new_id(), now())
    await payouts.send_payouts(cell, settings, now())
    assert await states(cell, run) == [("seller", 2458, "failed", "account_closed")]
    async with cell.read() as tx:
        (again,) = await list_payouts(tx, run)
        assert again.transfer_key != payout.transfer_key
    async with cell.tx() as tx:
        await payouts.give_back(tx, payout.id, run, now())
        assert (await balances(tx, shop))[1] == 2458
    assert await stands(cell, "payout") == 0


async def test_a_provider_that_is_away_is_asked_ten_times_then_a_person_looks(
    cell: Cell, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, finance, _ = await lay(cell, settings)
    run = await run_for(cell, settings, finance)
    asked: list[UUID] = []

    async def away(_cell: Cell, _settings: Settings, wanted: payments.Transfer) -> None:
        asked.append(wanted.key)
        raise payments.ProviderAway

    moment = now()
    with monkeypatch.context() as patched:
        patched.setattr(payments, "transfer", away)
        for _ in range(15):
            moment += timedelta(hours=2)
            await payouts.send_payouts(cell, settings, moment)
    assert len(asked) == 10
    assert len(set(asked)) == 1
    async with cell.read() as tx:
        (payout,) = await list_payouts(tx, run)
        assert (payout.state, payout.reason, payout.unanswered) == (
            "approved", "provider_away", True,
        )  # fmt: skip
    async with cell.tx() as tx:
        await payouts.retry(tx, payout.id, run, moment)
    await payouts.send_payouts(cell, settings, moment)
    async with cell.read() as tx:
        (payout,) = await list_payouts(tx, run)
        assert (payout.state, payout.transfer_key) == ("paid", asked[0])


async def test_a_worker_killed_between_transfer_and_its_note_pays_once(
    cell: Cell, settings: Settings
) -> None:
    shop, finance, _ = await lay(cell, settings)
    run = await run_for(cell, settings, finance)
    async with cell.tx() as tx:
        (payout,) = await list_payouts(tx, run)
        await tx.execute(  # as after the claim
            "update payout set attempts = 1, next_try_at = %s", (now() + 2 * MINUTE,)
        )
    assert payout.transfer_key is not None
    wanted = payments.Transfer(payout.transfer_key, shop.seller, "FR", euros(2458))
    answer = await payments.transfer(cell, settings, wanted)
    assert answer.state == "done"
    assert await payouts.send_payouts(cell, settings, now() + MINUTE) == 0
    assert await payouts.send_payouts(cell, settings, now() + 3 * MINUTE) == 1
    assert await states(cell, run) == [("seller", 2458, "paid", None)]
    async with cell.read() as tx:
        assert await value(tx, "select count(*) from sandbox_transfer") == 1


async def test_a_creator_is_paid_in_each_market_what_was_earned_there(
    cell: Cell, settings: Settings
) -> None:
    _shop, finance, _ = await lay(cell, settings)
    async with cell.tx() as tx:
        await tx.execute(
            "insert into market values"
            " ('DE', 'Deutschland', 'DE', 'EUR', '{de}', 'Europe/Berlin', 'open')"
        )
        await tx.execute("update maturity set market = 'DE' where kind = 'creator'")
        assert [b.due_minor for b in await list_balances(tx, "FR", "EUR")] == [2458, 0]
        await tx.execute("update maturity set market = 'FR' where kind = 'creator'")
    await run_for(cell, settings, finance, minimum=100)
    async with cell.read() as tx:
        assert [b.due_minor for b in await list_balances(tx, "FR", "EUR")] == [0, 0]


async def test_available_is_not_yet_paid_out_before_its_day(cell: Cell, settings: Settings) -> None:
    async with cell.tx() as tx:
        shop = await lay_shop(tx)
        finance = await lay_finance(tx)
        await deliver(tx, await sell(tx, shop))
    await connect(cell, settings, "seller", shop.seller)
    await payouts.release_due(cell, settings, AVAILABLE - MINUTE)
    async with cell.tx() as tx:
        with pytest.raises(NothingDue):
            await payouts.create_run(
                tx, "FR", "sandbox", euros(1), maker=finance.maker, moment=now()
            )
