"""What the states and reasons of disputes are called, and days written out."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date

from panier import web
from panier.kit.i18n import N_, current_language
from panier.markets import Market

REASONS = {
    "fraudulent": N_("The card’s owner says they did not pay."),
    "product_not_received": N_("The buyer says that nothing arrived."),
    "product_unacceptable": N_("The buyer says that it is not what was promised."),
    "credit_not_processed": N_("The buyer says that they were promised money back."),
    "duplicate": N_("The buyer says that they paid twice."),
    "general": N_("The bank gives no reason."),
}
"""What banks say; anything else is shown as it is."""
ADVICE = {
    "fraudulent": N_(
        "What helps: that the same person bought before, that it went to their address, what they"
        " wrote to you."
    ),
    "product_not_received": N_(
        "What helps: the carrier’s word that it arrived, at best with a name or a picture."
    ),
    "product_unacceptable": N_(
        "What helps: what was shown, what the buyer wrote, and that they sent nothing back."
    ),
    "credit_not_processed": N_(
        "What helps: that the money was given back, or why there was nothing to give back."
    ),
    "duplicate": N_("What helps: what each of the two payments was for."),
}
STATES = {"open": N_("Open"), "won": N_("Won"), "lost": N_("Lost")}
BADGES = {"open": "badge badge-warn", "won": "badge badge-good", "lost": "badge badge-bad"}
UNTAKEN = {
    "unknown": N_("The payment provider does not know this dispute."),
    "decided": N_("The bank had decided already."),
    "answered": N_("It was answered before on the provider’s own pages."),
    "too_late": N_("The bank takes no more evidence."),
    "not_allowed": N_(
        "The payment provider does not let us answer disputes: the key needs to write disputes and"
        " files."
    ),
    "refused": N_("The payment provider refused it. Please answer on its own pages."),
}
"""Why an answer was not taken."""
TEXTS = {
    "product": N_("What was bought"),
    "buyer": N_("Buyer"),
    "email": N_("E-mail"),
    "sent_to": N_("Address"),
    "carrier": N_("Carrier"),
    "tracking": N_("Tracking number"),
    "sent_on": N_("Sent on"),
    "took_place_on": N_("Took place on"),
    "history": N_("What became of it"),
    "statement": N_("In words"),
}
"""What the texts of Evidence are called."""


def day(market: Market, moment: datetime) -> str:
    """Write a day on the market's clock, in the language in use."""
    locale = web.locale_of(current_language(), market.country)
    return str(format_date(moment.astimezone(ZoneInfo(market.time_zone)), "long", locale))
