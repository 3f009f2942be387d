"""What each fact books, with the amounts worked out by hand."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panier import ledger
from panier.kit.money import CurrencyMismatch, Money
from panier.ledger.rules import Account, Entry, Posting, check_posting, sum_by_account

ORDER, SELLER = UUID(int=1), UUID(int=9)


def a_sale(total: int, vat: int, commission: int, order: UUID = ORDER) -> ledger.Sale:
    return ledger.Sale(
        order=order,
        provider="sandbox",
        market="FR",
        country="FR",
        seller=SELLER,
        total=Money(total, "EUR"),
        vat=Money(vat, "EUR"),
        commission=Money(commission, "EUR"),
        subsidy=Money.zero("EUR"),
    )


def test_a_sale_owes_vat_commission_and_the_seller_the_rest() -> None:
    # 24.90 goods + 4.90 shipping = 29.80; VAT inside at 20 %: 4.15 + 0.82; 5 % of 24.90: 1.25
    assert ledger.sale(a_sale(2980, 497, 125)) == Posting(
        "sale:00000000-0000-0000-0000-000000000001",
        "sale",
        ORDER,
        [
            Entry(Account("clearing", "sandbox", "EUR"), 2980),
            Entry(Account("vat", "FR", "EUR"), -497),
            Entry(Account("commission", "FR", "EUR"), -125),
            Entry(Account("seller", str(SELLER), "EUR"), -2358),
        ],
    )


def test_a_sale_without_vat_or_commission_books_no_empty_entries() -> None:
    assert [e.minor for e in ledger.sale(a_sale(1000, 0, 0)).entries] == [1000, -1000]


def test_money_that_came_too_late_goes_back_in_full() -> None:
    late = a_sale(2980, 497, 125)
    came, went = ledger.unfulfillable(late), ledger.refund_unfulfillable(late)
    assert [(e.account.kind, e.minor) for e in came.entries] == [
        ("clearing", 2980),
        ("return", -2980),
    ]
    assert set(sum_by_account([came, went]).values()) == {0}


def test_a_sale_cannot_owe_more_than_was_paid() -> None:
    with pytest.raises(ledger.Unbalanced):
        ledger.sale(a_sale(100, 80, 21))


def test_a_sale_cannot_mix_currencies() -> None:
    mixed = a_sale(100, 10, 5)._replace(vat=Money(10, "GBP"))
    with pytest.raises(CurrencyMismatch):
        ledger.sale(mixed)


def test_an_unbalanced_or_mixed_posting_is_refused() -> None:
    eur, gbp = Account("a", "", "EUR"), Account("b", "", "GBP")
    with pytest.raises(ledger.Unbalanced):
        check_posting(Posting("k", "test", None, [Entry(eur, 5), Entry(eur, -4)]))
    with pytest.raises(ledger.Unbalanced):
        check_posting(Posting("k", "test", None, []))
    with pytest.raises(ledger.MixedCurrencies):
        check_posting(Posting("k", "test", None, [Entry(eur, 5), Entry(gbp, -5)]))


def test_accounts_have_the_same_id_everywhere() -> None:
    account = Account("vat", "FR", "EUR")
    assert account.id == Account("vat", "FR", "EUR").id
    assert account.id != Account("vat", "FR", "GBP").id


SALES = st.lists(
    st.tuples(
        st.integers(1, 10**9),  # total
        st.integers(0, 2500),  # VAT rate in basis points
        st.integers(0, 2000),  # commission rate in basis points
        st.sampled_from(["EUR", "GBP"]),
        st.sampled_from([ledger.sale, ledger.unfulfillable, ledger.refund_unfulfillable]),
    ),
    max_size=30,
)


@given(SALES)
def test_any_sequence_of_sales_sums_to_zero(
    drawn: list[tuple[int, int, int, str, object]],
) -> None:
    postings = []
    for n, (minor, vat, commission, currency, book) in enumerate(drawn):
        total = Money(minor, currency)
        fact = ledger.Sale(
            UUID(int=n), "sandbox", "FR", "FR", SELLER,
            total, total.vat_inside(vat), total.percent(commission), Money.zero(currency),
        )  # fmt: skip
        postings.append(book(fact))  # type: ignore[operator]
    for posting in postings:
        check_posting(posting)
    for currency in ("EUR", "GBP"):
        sums = sum_by_account(postings)
        assert sum(m for a, m in sums.items() if a.currency == currency) == 0


def test_a_subsidised_sale_pays_everybody_in_full() -> None:
    """Of 29.80 the buyer pays 24.80, the platform 5.00; a host gets 10 %."""
    sold = ledger.Sale(
        ORDER, "sandbox", "FR", "FR", SELLER, Money(2480, "EUR"), vat=Money(497, "EUR"),
        commission=Money(125, "EUR"), subsidy=Money(500, "EUR"),
        creators=[(UUID(int=8), Money(249, "EUR"))],
    )  # fmt: skip
    assert [(e.account.kind, e.account.owner, e.minor) for e in ledger.sale(sold).entries] == [
        ("clearing", "sandbox", 2480),
        ("subsidy", "FR", 500),
        ("vat", "FR", -497),
        ("commission", "FR", -125),
        ("creator", str(UUID(int=8)), -249),
        ("seller", str(SELLER), -2109),
    ]


def test_a_refund_undoes_each_part() -> None:
    half = ledger.Sale(
        ORDER, "sandbox", "FR", "FR", SELLER, Money(1240, "EUR"), vat=Money(249, "EUR"),
        commission=Money(63, "EUR"), subsidy=Money(250, "EUR"),
        creators=[(UUID(int=8), Money(125, "EUR"))],
    )  # fmt: skip
    booked = ledger.refund(UUID(int=5), half)
    assert booked.key == "refund:00000000-0000-0000-0000-000000000005"
    assert [(e.account.kind, e.minor) for e in booked.entries] == [
        ("clearing", -1240),
        ("subsidy", -250),
        ("vat", 249),
        ("commission", 63),
        ("creator", 125),
        ("seller", 1053),
    ]


def test_a_sale_that_leaves_its_seller_less_than_nothing_is_not_booked() -> None:
    greedy = ledger.Sale(
        ORDER, "sandbox", "FR", "FR", SELLER, Money(1000, "EUR"), vat=Money(167, "EUR"),
        commission=Money(50, "EUR"), subsidy=Money.zero("EUR"),
        creators=[(UUID(int=8), Money(800, "EUR"))],
    )  # fmt: skip
    with pytest.raises(ledger.Unbalanced):
        ledger.sale(greedy)
