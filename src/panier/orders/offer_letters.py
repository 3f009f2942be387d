"""The letter to somebody who waited for what was sold out: it is held for them now."""

from zoneinfo import ZoneInfo

from babel.dates import format_time

from panier import catalog, events, markets, people, shows, stock
from panier.kit.db import Tx
from panier.kit.i18n import _, current_language, n_
from panier.orders.queries import find_buyer
from panier.people import Note, Person


async def tell_offer(tx: Tx, event: events.WaitingOffered) -> None:
    """Write to somebody who waited that it is held for them, and until when.

    To their account's address, else to the one with which this browser last bought; a stranger
    sees it in the room only. Nothing is written once the offer is over.
    """
    offer = await stock.find_offer(tx, event.waiting)
    to = await _find_waiter(tx, offer) if offer else None
    if offer is None or to is None:
        return
    market = await markets.get_market(tx, offer.market)
    show = await shows.find_show(tx, offer.show) if offer.show else None
    zone = ZoneInfo(market.time_zone)
    found = await catalog.find_offers(tx, offer.market, [offer.variant], to.language)
    if not found:
        return  # no longer sold here
    named = found[0]

    def write(_person: Person) -> Note:
        local = offer.until.astimezone(zone)
        time = str(format_time(local, "short", tzinfo=zone, locale=current_language()))
        name = " · ".join(part for part in (named.title, named.variant_title) if part)
        return Note(
            subject=_("%(product)s is held for you until %(time)s", product=name, time=time),
            said=[
                _("You wanted to hear when this is back. It is in your basket now:"),
                _(
                    "It is yours until %(time)s. If you do not buy it by then, the next in line"
                    " is asked.",
                    time=time,
                ),
            ],
            facts=[(name, n_("%(count)s unit", "%(count)s units", offer.quantity))],
            link=((_("Go to the show"), show.path) if show else (_("See the shows"), market.path)),
            why=_("You get this mail because you asked to wait for this; we send no advertising."),
        )

    await people.write_to(tx, offer.market, [to], write, ahead=True)


async def _find_waiter(tx: Tx, offer: stock.Offered) -> Person | None:
    if offer.person is not None:
        return await people.find_person(tx, offer.person)
    return await find_buyer(tx, offer.buyer, offer.market)
