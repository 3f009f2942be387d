"""The top bar: what each role is led to, and where it says that they are."""

import re

import httpx2
import pytest

from panier import catalog, people
from panier.kit.money import Money
from panier.runtime import Runtime
from panier.web.menu import list_entries
from tests.door import sign_up

SELLING = ["Orders", "Products", "Stock", "Prices", "Shipping"]
PROMOTION = ["Vouchers", "Deals", "Creators"]
LINK = re.compile(r'<a href="([^"]+)"( aria-current="page")?>([^<]+)</a>')


def bar(*roles: str) -> dict[str, list[str]]:
    """Show the bar as it is read: each word, and the links that open below it."""
    entries = list_entries(frozenset(roles), "/fr/", "/fr/")
    return {entry.label: [link.label for link in entry.links] for entry in entries}


def test_each_role_has_few_words_and_its_own_links() -> None:
    assert bar() == {"Shows": []}
    assert bar("shopper") == {"Shows": []}
    assert bar("host") == {"Shows": [], "Studio": [], "Shares": [], "Balance": [], "Reports": []}
    assert bar("seller") == {
        "Shows": [],
        "Selling": SELLING,
        "Promotion": PROMOTION,
        "Money": ["Balance", "Invoices", "VAT", "Legal data"],
    }
    assert bar("market") == {
        "Shows": [],
        "Studio": [],
        "Selling": SELLING,
        "Promotion": PROMOTION,
        "Money": ["Invoices", "VAT", "Commission", "Legal data"],
        "Reports": [],
    }
    assert bar("finance") == {
        "Shows": [],
        "Selling": ["Orders", "Stock"],
        "Promotion": PROMOTION,
        "Money": ["Payouts", "Disputes", "Invoices", "VAT", "Commission", "Legal data"],
    }
    assert bar("admin")["Money"][:2] == ["Balance", "Payouts"]


@pytest.mark.parametrize(
    ("path", "word", "link"),
    [
        ("/fr/", "Shows", ""),
        ("/fr/live/linen", "", ""),
        ("/fr/seller/orders", "Selling", "Orders"),
        ("/fr/seller/orders/FR-2026-000001", "Selling", "Orders"),
        ("/fr/seller/ordersheet", "", ""),
        ("/fr/studio/", "Studio", ""),
        ("/fr/studio/linen", "Studio", ""),
    ],
)
def test_the_bar_says_where_one_is(path: str, word: str, link: str) -> None:
    entries = list_entries(frozenset({"market"}), "/fr/", path)
    assert [entry.label for entry in entries if entry.current] == [word] * bool(word)
    inside = [inner.label for entry in entries for inner in entry.links if inner.current]
    assert inside == [link] * bool(link)


@pytest.mark.parametrize("role", ["host", "seller", "market", "finance", "admin"])
async def test_every_link_of_the_bar_opens_and_is_marked_there(
    client: httpx2.AsyncClient, runtime: Runtime, role: str
) -> None:
    await sign_up(client)
    async with runtime.cells.of("FR").tx() as tx:
        seller = await catalog.create_seller(
            tx, market="FR", slug="lumen", name="Lumen", country="FR", shipping=Money(490, "EUR")
        )
        person = await people.find_person_by_email(tx, "anna@example.com")
        assert person
        works_for = seller if role == "seller" else None
        await people.grant_role(tx, person.id, role, "FR", works_for)
    page = await client.get("/fr/")
    paths = [path for path, _, _ in LINK.findall(nav(page.text))]
    assert len(paths) >= 5
    for path in paths:
        opened = await client.get(path, follow_redirects=True)
        assert opened.status_code == 200, path
        marked = [at for at, current, _ in LINK.findall(nav(opened.text)) if current]
        assert marked == [path]


def nav(page: str) -> str:
    """Cut the bar's links out of a page."""
    return page.partition('<nav class="nav"')[2].partition("</nav>")[0]
