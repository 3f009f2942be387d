"""The top bar: which pages are entered there, by whom, and under which word.

A folder with a new page to enter adds a line to `MENU`, in the group where people would look; a
group of which somebody sees one link only is shown to them as that link.
"""

from collections.abc import Iterator
from typing import NamedTuple

from panier.kit.i18n import N_


class Link(NamedTuple):
    """A page to enter, for everybody or for those who have one of `roles`."""

    label: str
    path: str
    """Below the market's own: `seller/orders`."""
    roles: frozenset[str] = frozenset()


class Group(NamedTuple):
    """Pages that are entered under one word."""

    label: str
    links: tuple[Link, ...]


class Entry(NamedTuple):
    """What the bar shows: a link, or a word over `links`."""

    label: str
    path: str
    current: bool
    """The reader is there."""
    links: tuple["Entry", ...] = ()


def _for(*roles: str) -> frozenset[str]:
    return frozenset(roles)


MENU: tuple[Link | Group, ...] = (
    Link(N_("Shows"), ""),
    Link(N_("Studio"), "studio/", _for("host", "market")),
    Group(
        N_("Selling"),
        (
            Link(N_("Orders"), "seller/orders", _for("seller", "market", "finance")),
            Link(N_("Products"), "seller/products", _for("seller", "market")),
            Link(N_("Stock"), "seller/stock", _for("seller", "market", "finance")),
            Link(N_("Prices"), "seller/prices", _for("seller", "market")),
            Link(N_("Shipping"), "seller/shipping", _for("seller", "market")),
        ),
    ),
    Group(
        N_("Promotion"),
        (
            Link(N_("Vouchers"), "vouchers", _for("seller", "market", "finance")),
            Link(N_("Deals"), "seller/deals", _for("seller", "market", "finance")),
            Link(N_("Creators"), "seller/creators", _for("seller", "market", "finance")),
            Link(N_("Shares"), "shares", _for("host")),
        ),
    ),
    Group(
        N_("Money"),
        (
            Link(N_("Balance"), "balance", _for("seller", "host")),
            Link(N_("Payouts"), "payouts", _for("finance")),
            Link(N_("Disputes"), "disputes", _for("finance")),
            Link(N_("Invoices"), "seller/invoices", _for("seller", "market", "finance")),
            Link(N_("VAT"), "seller/vat", _for("seller", "market", "finance")),
            Link(N_("Commission"), "fees", _for("market", "finance")),
            Link(N_("Legal data"), "seller/legal", _for("seller", "market", "finance")),
        ),
    ),
    Link(N_("Reports"), "reports/", _for("host", "market")),
)


def list_entries(roles: frozenset[str], home: str, path: str) -> list[Entry]:
    """List what somebody with `roles` sees on `path` of the market at `home`; admins see all."""
    shown = [(part.label, [link for link in _links(part) if _may(roles, link)]) for part in MENU]
    within = [link.path for _, links in shown for link in links if _is_in(path, home, link.path)]
    here = max(within, key=len, default=None)

    def entry(link: Link) -> Entry:
        return Entry(link.label, home + link.path, link.path == here)

    return [
        entry(links[0])
        if len(links) == 1
        else Entry(label, "", any(link.path == here for link in links), tuple(map(entry, links)))
        for label, links in shown
        if links
    ]


def _links(part: Link | Group) -> Iterator[Link]:
    yield from (part,) if isinstance(part, Link) else part.links


def _may(roles: frozenset[str], link: Link) -> bool:
    return not link.roles or bool(link.roles & roles) or "admin" in roles


def _is_in(path: str, home: str, page: str) -> bool:
    """Tell whether `path` is a page of the bar or lies below it; the market's own has no below."""
    return path == home + page or (page != "" and path.startswith(f"{home}{page.rstrip('/')}/"))
