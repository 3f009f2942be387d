"""The metric dictionary: what each figure counts, in the reader's language."""

import msgspec

from panier.kit.i18n import _
from panier.reports.rules import ANSWER_SECONDS, SAMPLE_SECONDS


class Definition(msgspec.Struct, frozen=True):
    """One figure: its key in addresses, its name, what is counted."""

    key: str
    name: str
    text: str


def list_definitions() -> list[Definition]:
    """List all figures in the order in which a report shows them."""
    return [*_of_the_room(), *_of_the_sales()]


def _of_the_room() -> list[Definition]:
    every = SAMPLE_SECONDS
    return [
        Definition(
            "viewers",
            _("Viewers"),
            _(
                "Devices (one signed cookie each) that were in the room while the show was on air,"
                " without host and team. A device counts once, however many tabs it opens and"
                " however often it comes back; a person with two devices counts twice."
            ),
        ),
        Definition(
            "peak",
            _("Viewers at once"),
            _(
                "Devices in the room at one moment, counted every %(seconds)s seconds; a count"
                " holds until the next one. The curve shows the highest count of each step.",
                seconds=every,
            ),
        ),
        Definition(
            "average",
            _("Viewers on average"),
            _(
                "The sum of all counts, divided by the number of %(seconds)s-second steps of the"
                " show.",
                seconds=every,
            ),
        ),
        Definition(
            "watched",
            _("Watched for (median)"),
            _("Half of the devices were in the room, on air, for this long or longer."),
        ),
        Definition("messages", _("Messages"), _("Lines of the chat, hidden ones left out.")),
        Definition(
            "questions",
            _("Questions"),
            _(
                "Messages of viewers that hold a question mark or begin with a question word. A"
                " question is about the product that its words name; if they name none, about the"
                " product pinned then. It is answered in the chat when host or team write anything"
                " within %(seconds)s seconds; answers spoken aloud are not known.",
                seconds=ANSWER_SECONDS,
            ),
        ),
        Definition("hearts", _("Hearts"), _("Hearts sent while the show was on air.")),
    ]


def _of_the_sales() -> list[Definition]:
    return [
        Definition(
            "orders",
            _("Orders"),
            _(
                "Paid orders that were begun in this show, one per seller and purchase; also those"
                " placed after the end from its replay or from a basket kept open."
            ),
        ),
        Definition(
            "revenue",
            _("Sales"),
            _("What buyers paid for goods in these orders, VAT included, delivery not."),
        ),
        Definition(
            "conversion",
            _("Conversion"),
            _(
                "Devices that bought, divided by viewers. Orders placed after the end count, so it"
                " may grow later."
            ),
        ),
        Definition(
            "pinned-units",
            _("Units while pinned"),
            _("Paid units that were put into the basket while the product was pinned."),
        ),
        Definition(
            "pinned-time",
            _("Time pinned"),
            _("How long the product was on the picture while the show was on air."),
        ),
        Definition(
            "sold-out",
            _("Sold out"),
            _("The last unit of a variant was held or sold; a hold that expires brings it back."),
        ),
    ]
