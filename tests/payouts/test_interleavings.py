"""Whatever happens in whatever order, nobody is paid more than is due and the books stay right."""

from datetime import timedelta
from uuid import UUID

from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from panier import ledger, payments, payouts
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, value
from panier.payouts.queries import Payout, list_payouts
from panier.payouts.rules import NothingDue
from panier.settings import Settings
from tests.payouts.laid import (
    AVAILABLE,
    DELIVERED,
    FREE,
    Finance,
    balances,
    connect,
    deliver,
    lay_finance,
    refund,
    run_for,
    sell,
)
from tests.shop import Shop, lay_shop

TIMES = (DELIVERED, AVAILABLE, AVAILABLE + timedelta(days=3), FREE)
STEPS = st.lists(
    st.one_of(
        st.just(("sell",)),
        st.tuples(st.just("deliver"), st.integers(0, 9)),
        st.tuples(st.just("refund"), st.integers(0, 9), st.sampled_from([50, 100])),
        st.tuples(st.just("correct"), st.integers(0, 9)),
        st.tuples(st.just("release"), st.sampled_from(TIMES)),
        st.just(("pay",)),
        st.just(("send",)),
        st.tuples(st.just("bank"), st.sampled_from(["done", "failed"])),
        st.tuples(st.just("by hand"), st.booleans()),
    ),
    min_size=5,
    max_size=40,
)
BEGINNING = (
    *(("sell",), ("sell",), ("deliver", 0), ("deliver", 1), ("release", AVAILABLE)),
    *(("pay",), ("send",)),
)
"""What usually happens; from here on, anything may."""


class Story:
    """One seller, one creator, and what happens to them."""

    def __init__(self, cell: Cell, settings: Settings, shop: Shop, finance: Finance) -> None:
        self.cell, self.settings, self.shop, self.finance = cell, settings, shop, finance
        self.orders: list[UUID] = []
        self.left: dict[UUID, int] = {}
        self.approved: list[UUID] = []

    async def take(self, step: tuple[object, ...]) -> None:
        """Do one step; one that has no object does nothing."""
        name, *given_ = step
        if name == "sell":
            self.orders.append(await self.cell.run(lambda tx: sell(tx, self.shop)))
            self.left[self.orders[-1]] = 100
        elif name == "release":
            moment = given_[0]
            await payouts.release_due(self.cell, self.settings, moment)  # type: ignore[arg-type]
        elif name == "pay":
            await self.pay()
        elif name == "send":
            await payouts.send_payouts(self.cell, self.settings, now() + timedelta(hours=2))
        elif name in ("bank", "by hand"):
            await self.answer(given_[0])
        elif self.orders:
            await self.touch(str(name), *given_)  # type: ignore[arg-type]

    async def touch(self, name: str, which: int, parts: int = 0) -> None:
        order = self.orders[which % len(self.orders)]
        if name == "deliver":
            await self.cell.run(lambda tx: deliver(tx, order))
        elif name == "correct":
            await self.cell.run(lambda tx: payouts.correct(tx, [order], now()))
        elif self.left[order] >= parts:
            self.left[order] -= parts
            await self.cell.run(lambda tx: refund(tx, self.shop, order, parts))

    async def pay(self) -> None:
        """Propose and approve a run; what is left of the balances is never below zero."""
        try:
            run = await run_for(self.cell, self.settings, self.finance, 1, approve=False)
        except NothingDue:
            return
        by = payouts.Decider(self.finance.approver, {"finance"})

        async def approve(tx: Tx) -> None:
            before = await balances(tx, self.shop)
            await payouts.approve_run(tx, run, "sandbox", by, now())
            after = await balances(tx, self.shop)
            for stood, stands in ((before[1], after[1]), (before[4], after[4])):
                assert stands == stood or stands >= 0

        await self.cell.run(approve)
        self.approved.append(run)

    async def answer(self, told: object) -> None:
        """Let the provider, or a person, say how the oldest open payout goes on."""
        async with self.cell.read() as tx:
            found = [p for run in self.approved for p in await list_payouts(tx, run)]
        if isinstance(told, str):
            await self.hear(told, [p for p in found if p.state in ("sent", "paid")])
            return
        failed = [p for p in found if p.state == "failed"]
        if failed:
            act = payouts.retry if told else payouts.give_back
            one = failed[0]
            await self.cell.run(lambda tx: act(tx, one.id, one.run, now()))

    async def hear(self, told: str, found: list[Payout]) -> None:
        if found and found[0].transfer_key:
            state = payments.TransferState(told)
            answer = payments.TransferAnswer(found[0].transfer_key, state, reason="told")
            await self.cell.run(lambda tx: payouts.settle(tx, answer, now()))

    async def check(self) -> None:
        """Look whether everything adds up."""
        async with self.cell.read() as tx:
            assert await ledger.check_books(tx) == []
            seller, due, reserve, creator, creator_due = await balances(tx, self.shop)
            under_way = await value(
                tx,
                "select coalesce(-sum(balance_minor), 0)::bigint from account"
                " where kind = 'payout'",
            )
            cursor = await tx.execute(OPEN)
            counted = dict(await cursor.fetchall())
        whole = sum(self.left.values())
        paid = counted.get("paid", 0)
        open_ = sum(counted.get(state, 0) for state in ("approved", "sent", "failed"))
        assert reserve >= 0
        assert under_way == open_
        assert seller + due + reserve + creator + creator_due + open_ + paid == (
            whole * (2458 + 300) // 100
        )


OPEN = "select state, sum(minor)::bigint as minor from payout group by state"


@trying(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS, mailbox=st.sampled_from(["pay", "late", "closed"]))
async def test_any_interleaving_keeps_the_books_right(
    cell: Cell, settings: Settings, steps: list[tuple[object, ...]], mailbox: str
) -> None:
    async with cell.tx() as tx:
        await tx.execute(
            "truncate payout, payout_run, maturity, entry, posting, account, order_line, orders,"
            " checkout, payment, sandbox_refund, sandbox_transfer, sandbox_intent cascade"
        )
        shop = await lay_shop(tx)
        finance = await lay_finance(tx)
    await connect(cell, settings, "seller", shop.seller, f"{mailbox}@example.org")
    await connect(cell, settings, "creator", shop.host, f"{mailbox}@example.org")
    story = Story(cell, settings, shop, finance)
    for step in (*BEGINNING, *steps):
        await story.take(step)
        await story.check()
