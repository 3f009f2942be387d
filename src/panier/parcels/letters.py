"""Mails to buyers after their payment, one a step, in their language; queued with what they tell.

Nobody is written to when a parcel has arrived: they have it in their hands.
"""

from collections.abc import Mapping
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from babel.dates import format_date

from panier import events, markets, orders, web
from panier.kit.db import Tx
from panier.kit.errors import NotFound
from panier.kit.i18n import _, use_language
from panier.kit.mail import queue_mail
from panier.orders import Checkout
from panier.parcels.queries import Story, list_stories
from panier.parcels.rules import WITHDRAWAL_DAYS


class Step(msgspec.Struct):
    """What a mail tells: a subject, some sentences, the goods meant, a link besides the order's."""

    subject: str
    said: list[str]
    goods: Mapping[int, int]
    """Units by line; empty: none are named."""
    link: str | None = None
    """The carrier's page."""
    paper: str | None = None
    """The credit note."""


async def tell_shipped(tx: Tx, event: events.OrderShipped) -> None:
    """Tell a buyer that a parcel is on its way, and where it can be followed."""
    checkout, story = await _read(tx, event.order)
    parcel = next(parcel for parcel in story.parcels if parcel.id == event.parcel)
    with use_language(checkout.language):
        way = (
            _(
                "%(carrier)s brings it; its number is %(number)s.",
                carrier=_(parcel.carrier_name),
                number=parcel.tracking,
            )
            if parcel.tracking
            else _("%(carrier)s brings it.", carrier=_(parcel.carrier_name))
        )
        said = [
            _("%(seller)s has sent your parcel.", seller=story.order.seller_name),
            way,
            _(
                "You may send it back until %(days)s days after delivery, without a reason.",
                days=WITHDRAWAL_DAYS,
            ),
        ]
        if story.to_send():
            said.insert(1, _("The rest of your order follows in another parcel."))
        step = Step(_("Your parcel is on its way"), said, story.inside[parcel.id], parcel.link)
        await _queue(tx, checkout, story, step)


async def tell_cancelled(tx: Tx, event: events.OrderCancelled) -> None:
    """Tell a buyer what will not be sent, and that its money goes back."""
    checkout, story = await _read(tx, event.order)
    with use_language(checkout.language):
        booked = any(line.starts_at for line, _units in story.named(dict(event.units)))
        if event.disputed:
            said = [_("Your bank gave you the money back, so this will not be sent:")]
        elif event.by_buyer and booked:
            said = [_("As you wished, this is cancelled:")]
        elif event.by_buyer:
            said = [_("As you wished, this will not be sent:")]
        elif booked:
            said = [_("%(seller)s has called this off:", seller=story.order.seller_name)]
        else:
            said = [_("%(seller)s cannot send this:", seller=story.order.seller_name)]
        notes = [refund.note for refund in story.refunds if refund.reason == "cancelled"]
        said += [note for note in notes[-1:] if note and not event.by_buyer]
        if not event.disputed:
            said.append(_("The money goes back to your card; banks take up to five working days."))
        subject = _("Your order is cancelled") if event.whole else _("A part of it is cancelled")
        await _queue(tx, checkout, story, Step(subject, said, dict(event.units)))


async def tell_return(tx: Tx, event: events.ReturnAsked) -> None:
    """Acknowledge a withdrawal, as the law has it (Directive 2011/83/EU, article 11)."""
    checkout, story = await _read(tx, event.order)
    giving = next(giving for giving in story.returns if giving.id == event.giving_back)
    with use_language(checkout.language):
        local = giving.at.astimezone(ZoneInfo(story.time_zone))
        day = str(format_date(local, "long", locale=checkout.language))
        said = [
            _("On %(day)s you told us that you send this back:", day=day),
            _("%(seller)s tells you where to send it; we write to you again then.",
              seller=story.order.seller_name),
            _("The money goes back to your card as soon as the goods are there."),
        ]  # fmt: skip
        step = Step(_("We have noted your return"), said, story.inside[giving.id])
        await _queue(tx, checkout, story, step)


async def tell_directions(tx: Tx, event: events.ReturnLabelled) -> None:
    """Tell a buyer where to send goods back."""
    checkout, story = await _read(tx, event.order)
    giving = next(giving for giving in story.returns if giving.id == event.giving_back)
    with use_language(checkout.language):
        said = [_("Please send this back within 14 days:")]
        if giving.send_to:
            said.append(_("Send it to: %(address)s", address=giving.send_to.replace("\n", ", ")))
        if giving.label:
            said.append(_("The label for the parcel is on your order page."))
        step = Step(_("How to send it back"), said, story.inside[giving.id])
        await _queue(tx, checkout, story, step)


async def tell_received(tx: Tx, event: events.OrderReturned) -> None:
    """Tell a buyer that what they sent back has arrived."""
    checkout, story = await _read(tx, event.order)
    with use_language(checkout.language):
        said = [
            _("%(seller)s has what you sent back.", seller=story.order.seller_name),
            _("The money goes back to your card; banks take up to five working days."),
        ]
        await _queue(tx, checkout, story, Step(_("Your return has arrived"), said, {}))


async def tell_refunded(tx: Tx, event: events.OrderRefunded) -> None:
    """Tell a buyer that money was sent to their card; not when a bank moved it: it tells them."""
    if event.paid.minor <= 0:
        return
    checkout, story = await _read(tx, event.order)
    refund = next(refund for refund in story.refunds if refund.id == event.refund)
    if refund.dispute:
        return
    with use_language(checkout.language):
        amount = event.paid.format(checkout.language)
        said = [
            _("We sent %(amount)s to the card you paid with; banks take up to five working days.",
              amount=amount),
            *([refund.note] if refund.note else []),
        ]  # fmt: skip
        subject = _("%(amount)s is on its way back to you", amount=amount)
        paper = f"{checkout.page_url}/credit/{event.refund}"
        await _queue(tx, checkout, story, Step(subject, said, {}, paper=paper))


async def _read(tx: Tx, order: UUID) -> tuple[Checkout, Story]:
    found = await orders.find_order(tx, order)
    checkout = await orders.find_checkout(tx, found.checkout) if found else None
    if found is None or checkout is None:
        raise NotFound
    market = await markets.get_market(tx, found.market)
    (story,) = await list_stories(tx, [found], market.time_zone)
    return checkout, story


async def _queue(tx: Tx, checkout: Checkout, story: Story, step: Step) -> None:
    told = {
        "checkout": checkout,
        "order": story.order,
        "goods": story.named(step.goods),
        "subject": step.subject,
        "said": step.said,
        "link": step.link,
        "paper": step.paper,
    }
    market = await markets.get_market(tx, checkout.market)
    text, html = (
        web.render_letter(f"parcels/step.{kind}", market, **told) for kind in ("txt", "html")
    )
    await queue_mail(tx, checkout.email, f"{step.subject} · {story.order.number}", text, html)
