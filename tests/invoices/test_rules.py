"""Rows and sums: every document adds up, and credit notes come to what was sold."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from panier.invoices.rules import (
    BackLine,
    Kind,
    Rate,
    Row,
    draw_credit,
    draw_invoice,
    number,
    sum_rates,
)
from panier.kit.ids import new_id
from panier.orders import OrderLine
from panier.parcels.refunds import sold
from panier.parcels.reversal import WHOLE, Line, Nothing, Parts, RefundTooMuch, Wanted, plan

RATES = st.sampled_from([0, 550, 1000, 2000])


def test_numbers_bear_seller_year_and_kind() -> None:
    assert number("lumen", "FR", Kind.INVOICE, 2026, 1) == "LUMEN-FR-2026-000001"
    credit = number("maison-lumen", "GB", Kind.CREDIT_NOTE, 2027, 1234567)
    assert credit == "MAISON-LUMEN-GB-2027-C1234567"


def a_line(n: int, rate: int, prices: tuple[int, int, int], shipping: int = 0,
           quantity: int = 1) -> OrderLine:  # fmt: skip
    """Build a line of list price, discount and subsidy; the platform pays a fifth of the parcel."""
    list_, discount, subsidy = prices
    base, paid_for = list_ - discount, shipping // 5
    return OrderLine(
        order=new_id(), n=n, product=new_id(), variant=new_id(), title="Bougie",
        variant_title="Grande", sku="SKU", quantity=quantity, currency="EUR", unit_minor=list_,
        list_minor=list_, seller_discount_minor=discount, cofunding_minor=0,
        subsidy_minor=subsidy, goods_minor=base - subsidy, vat_basis_points=rate,
        vat_minor=base * rate // (10_000 + rate), shipping_minor=shipping - paid_for,
        shipping_subsidy_minor=paid_for, shipping_vat_minor=shipping * rate // (10_000 + rate),
        commission_base_minor=base, commission_basis_points=500, commission_minor=0, creator=None,
        creator_basis_points=0, creator_minor=0,
    )  # fmt: skip


@st.composite
def lines(draw: st.DrawFn) -> list[OrderLine]:
    drawn = []
    for n in range(1, draw(st.integers(1, 5)) + 1):
        full = draw(st.integers(1, 100_000))
        discount = draw(st.integers(0, full - 1))
        subsidy = draw(st.integers(0, full - discount))
        shipping, units = draw(st.integers(0, 1000)), draw(st.integers(1, 4))
        drawn.append(a_line(n, draw(RATES), (full, discount, subsidy), shipping, units))
    return drawn


def adds_up(rows: Sequence[Row]) -> bool:
    rates = sum_rates(rows)
    assert len({rate.rate for rate in rates}) == len(rates)
    parts: list[Row | Rate] = [*rows, *rates]
    for part in parts:
        assert part.net + part.vat == part.gross
    for rate in rates:
        of = [row for row in rows if row.rate == rate.rate]
        assert rate.net == sum(row.net for row in of)
        assert rate.vat == sum(row.vat for row in of)
        assert rate.gross == sum(row.gross for row in of)
    return True


def test_two_rates_are_summed_apart_and_the_parcel_goes_with_its_goods() -> None:
    food, lamp = a_line(1, 550, (2110, 0, 0), 211), a_line(2, 2000, (12_000, 1200, 600), 600)
    rows = draw_invoice([food, lamp])
    assert [(r.goods, r.rate, r.regular, r.reduction, r.vat, r.gross) for r in rows] == [
        (True, 550, 2110, 0, 110, 2110),
        (True, 2000, 12_000, 1200, 1800, 10_800),
        (False, 2000, 600, 0, 100, 600),
        (False, 550, 211, 0, 11, 211),
    ]
    assert [(r.rate, r.net, r.vat, r.gross) for r in sum_rates(rows)] == [
        (2000, 9500, 1900, 11_400),
        (550, 2200, 121, 2321),
    ]


@given(lines())
def test_an_invoice_adds_up_to_what_buyer_and_platform_paid(given_: list[OrderLine]) -> None:
    rows = draw_invoice(given_)
    assert adds_up(rows)
    assert all(row.regular - row.reduction == row.gross for row in rows)
    paid = sum(line.goods_minor + line.shipping_minor for line in given_)
    subsidy = sum(line.subsidy_minor + line.shipping_subsidy_minor for line in given_)
    assert sum(row.gross for row in rows) == paid + subsidy


@given(lines(), st.data())
def test_credit_notes_of_all_of_it_come_to_the_invoice_rate_by_rate(
    given_: list[OrderLine], data: st.DataObject
) -> None:
    back = Back(given_)
    for line in given_:
        units = data.draw(st.integers(0, line.quantity))
        amount = data.draw(st.integers(0, line.goods_minor))
        back.give(Wanted({line.n: units}, {line.n: amount}, data.draw(st.integers(0, 500))))
    back.give(Wanted({n: line.quantity - back.taken[n].quantity for n, line in back.sold.items()},
                     {}, WHOLE))  # fmt: skip
    back.give(Wanted({}, {n: line.parts.goods - back.taken[n].parts.goods
                          for n, line in back.sold.items()}))  # fmt: skip
    assert [rate for rate in sum_rates(back.credited) if rate.gross] == [
        rate for rate in sum_rates(draw_invoice(given_)) if rate.gross
    ]


class Back:
    """An order of which money goes back, a credit note at a time."""

    def __init__(self, lines_: Sequence[OrderLine]) -> None:
        self.lines = {line.n: line for line in lines_}
        self.sold = {line.n: sold(line) for line in lines_}
        self.taken = {line.n: Line(line.n, 0, Parts()) for line in lines_}
        self.credited: list[Row] = []

    def give(self, wanted: Wanted) -> None:
        """Refund and credit; what is too much, or nothing, is not."""
        try:
            backs = plan(list(self.sold.values()), self.taken, wanted)
        except (RefundTooMuch, Nothing):
            return
        for one in backs:
            before = self.taken[one.n]
            units = before.quantity + one.quantity
            self.taken[one.n] = Line(one.n, units, before.parts.plus(one.parts))
        rows = draw_credit(self.lines, [told(one) for one in backs])
        assert adds_up(rows)
        self.credited += rows


def told(back: Line) -> BackLine:
    """Return what a document is told of what a refund takes back of a line."""
    of = back.parts
    return BackLine(
        n=back.n,
        quantity=back.quantity,
        goods=of.goods,
        subsidy=of.subsidy,
        vat=of.vat,
        shipping=of.shipping,
        shipping_subsidy=of.shipping_subsidy,
        shipping_vat=of.shipping_vat,
    )
