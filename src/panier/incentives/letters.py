"""The letter to a seller's staff when a host asks for a deal."""

from panier import catalog, events, people, shows
from panier.incentives.asking import ANSWER_MINUTES, get_request
from panier.kit.db import Tx
from panier.kit.i18n import _, current_language
from panier.people import Note, Person


async def tell_asked(tx: Tx, event: events.DealAsked) -> None:
    """Write to everybody who works for the seller, unless it was answered or taken back."""
    request = await get_request(tx, event.request)
    if request.state != "asked":
        return
    show = await shows.get_show(tx, request.show_id)
    host = await people.get_person(tx, request.asked_by)
    staff = await people.list_staff(tx, request.seller_id)
    titles = {
        language: await catalog.get_product(tx, request.product_id, language)
        for language in {person.language for person in staff}
    }

    def write(person: Person) -> Note:
        product = titles[person.language]
        language = current_language()
        facts = [(_("Show"), show.title), (_("Product"), product.title)]
        for variant in product.variants:
            price = request.price(variant.id)
            if price is not None:
                amounts = _(
                    "%(deal)s instead of %(price)s",
                    deal=price.format(language),
                    price=variant.price.format(language),
                )
                facts.append((variant.title or _("Price"), amounts))
        facts.append((_("Units"), str(request.units)))
        return Note(
            subject=_("%(name)s asks you for a deal", name=host.name),
            said=[
                _(
                    "%(name)s would like to sell your product at a lower price for a few minutes.",
                    name=host.name,
                ),
                _(
                    "You bear the difference. You can agree or refuse within %(minutes)s minutes;"
                    " after that nothing happens.",
                    minutes=ANSWER_MINUTES,
                ),
            ],
            facts=facts,
            link=(_("Agree or refuse"), f"/{request.market.lower()}/seller/deals#{request.id}"),
            why=_("You get this mail because you work for this seller."),
        )

    await people.write_to(tx, request.market, staff, write, ahead=True)
