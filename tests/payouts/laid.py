"""Sold orders laid in rows and in the books, and what may happen to them; amounts by hand.

Of each: list price 30.00, of which the platform bears 3.00; shipping 4.90; VAT inside 5.00 + 0.82;
commission 1.50; creator 3.00. The buyer pays 31.90, the seller has 24.58 left.
"""

from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from panier import ledger, payments, payouts
from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.ids import new_id
from panier.kit.money import Money
from panier.settings import Settings
from tests.shop import Shop

DELIVERED = datetime(2026, 3, 2, 9, tzinfo=UTC)
AVAILABLE = DELIVERED + timedelta(days=7)
FREE = DELIVERED + timedelta(days=30)
PAID, SHARE = 3190, 300
ADDRESS = '{"line1": "12 rue de la Paix", "postcode": "75002", "city": "Paris", "country": "FR"}'


def euros(minor: int) -> Money:
    return Money(minor, "EUR")


def a_sale(order: UUID, shop: Shop, parts: int = 100, of: int = 100) -> ledger.Sale:
    """Build the sale of one order, or `parts` of `of` of it; the parts are whole cents."""

    def part(minor: int) -> Money:
        assert minor * parts % of == 0
        return euros(minor * parts // of)

    return ledger.Sale(
        order=order,
        provider="sandbox",
        market="FR",
        country="FR",
        seller=shop.seller,
        total=part(PAID),
        vat=part(582),
        commission=part(150),
        subsidy=part(300),
        creators=[(shop.host, part(SHARE))],
    )


async def sell(tx: Tx, shop: Shop, at: datetime = DELIVERED - timedelta(days=2)) -> UUID:
    """Sell one order and book it; returns the order."""
    order, checkout, payment = new_id(), new_id(), new_id()
    await tx.execute(
        "insert into payment (id, market, provider, reference, token, keep, minor, currency, state,"
        " at, changed_at)"
        " values (%s, 'FR', 'sandbox', %s, 'tok', false, %s, 'EUR', 'paid', %s, %s)",
        (payment, f"pi_{order.hex}", PAID, at, at),
    )
    await tx.execute(
        "insert into sandbox_intent (id, market, key, minor, currency, state, at)"
        " values (%s, 'FR', %s, %s, 'EUR', 'succeeded', %s)",
        (f"pi_{order.hex}", payment, PAID, at),
    )
    await tx.execute(
        "insert into checkout (id, key, buyer, market, show_id, payment_id, state, minor,"
        " currency, email, name, address, remember, language, page_url, at, paid_at)"
        " values (%s, %s, %s, 'FR', %s, %s, 'paid', %s, 'EUR', 'a@example.org', 'Ana', %s,"
        " false, 'fr', '', %s, %s)",
        (checkout, new_id(), new_id(), shop.show, payment, PAID, ADDRESS, at, at),
    )
    await tx.execute(
        "insert into orders (id, checkout_id, market, seller_id, show_id, number, state, currency,"
        " goods_minor, shipping_minor, subsidy_minor, vat_minor, commission_minor, creators_minor,"
        " at, paid_at) values"
        " (%s, %s, 'FR', %s, %s, %s, 'paid', 'EUR', 2700, 490, 300, 582, 150, 300, %s, %s)",
        (order, checkout, shop.seller, shop.show, f"FR-2026-{order.hex[-6:].upper()}", at, at),
    )
    await tx.execute(
        "insert into order_line (order_id, n, product_id, variant_id, title, variant_title, sku,"
        " quantity, unit_minor, list_minor, subsidy_minor, goods_minor, vat_basis_points,"
        " vat_minor, shipping_minor, shipping_vat_minor, commission_base_minor,"
        " commission_basis_points, commission_minor, creator_id, creator_basis_points,"
        " creator_minor) values (%s, 1, %s, %s, 'Bougie', 'Grande', 'SKU', 2, 1500, 3000, 300,"
        " 2700, 2000, 500, 490, 82, 3000, 500, 150, %s, 1000, 300)",
        (order, shop.product, shop.variant, shop.host),
    )
    await ledger.post(tx, [ledger.sale(a_sale(order, shop))])
    await tx.execute("update posting set at = %s where order_id = %s", (at, order))
    return order


async def refund(tx: Tx, shop: Shop, order: UUID, parts: int = 100, of: int = 100) -> UUID:
    """Book that a part of the order went back to the buyer, at the provider too."""
    key = new_id()
    back = a_sale(order, shop, parts, of)
    await ledger.post(tx, [ledger.refund(key, back)])
    await tx.execute(
        "insert into sandbox_refund (id, intent_id, key, minor, at) values (%s, %s, %s, %s, now())",
        (f"re_{key.hex}", f"pi_{order.hex}", key, back.total.minor),
    )
    return key


async def deliver(tx: Tx, order: UUID, at: datetime = DELIVERED) -> None:
    """Note that the order arrived."""
    await payouts.expect(tx, order, "FR", at)


async def balances(tx: Tx, shop: Shop) -> tuple[int, int, int, int, int]:
    """Return what is owed: seller, seller_due, reserve, creator, creator_due."""
    found = [
        await ledger.get_balance(tx, ledger.Account(kind, str(owner), "EUR"))
        for kind, owner in (
            ("seller", shop.seller),
            ("seller_due", shop.seller),
            ("reserve", shop.seller),
            ("creator", shop.host),
            ("creator_due", shop.host),
        )
    ]
    seller, due, reserve, creator, creator_due = (-money.minor for money in found)
    return seller, due, reserve, creator, creator_due


class Finance(NamedTuple):
    """Two people of finance: one makes runs, the other approves them."""

    maker: UUID
    approver: UUID


async def lay_finance(tx: Tx) -> Finance:
    """Lay two people of finance in market FR."""
    finance = Finance(new_id(), new_id())
    for n, person in enumerate(finance):
        await tx.execute(
            "insert into person values (%s, %s, %s, 'x', 'fr', %s)",
            (person, f"finance-{person.hex[-6:]}@example.org", f"Finance {n}", DELIVERED),
        )
        await tx.execute(
            "insert into role (person_id, role, market) values (%s, 'finance', 'FR')", (person,)
        )
    return finance


async def connect(
    cell: Cell, settings: Settings, kind: Literal["seller", "creator"], owner: UUID,
    mailbox: str = "pay@example.org",
) -> None:  # fmt: skip
    """Open an account at the sandbox; how `mailbox` begins says what transfers to it do."""
    wanted = payments.NewAccount(owner, kind, "FR", "FR", mailbox, "Maison Lumen")
    await payments.open_account(cell, settings, wanted)


async def run_for(
    cell: Cell, settings: Settings, finance: Finance, minimum: int = 1000, *, approve: bool = True
) -> UUID:
    """Propose a run and have the other person approve it."""
    key = await cell.run(
        lambda tx: payouts.create_run(
            tx, "FR", settings.payments, euros(minimum), maker=finance.maker, moment=now()
        )
    )
    if approve:
        by = payouts.Decider(finance.approver, {"finance"})
        await cell.run(lambda tx: payouts.approve_run(tx, key, settings.payments, by, now()))
    return key
