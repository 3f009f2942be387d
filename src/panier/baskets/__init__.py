"""Baskets: what a viewer wants to buy, priced now; a basket is its holds and nothing else.

owns    no table
says    nothing
hears   nothing; the room's socket calls add, drop and show
limits  20 units of a variant a buyer (hold_quantity_max); a hold lasts hold_seconds
"""

from panier.baskets.actions import add_all, drop, show
from panier.baskets.companies import Claim, Verdict, judge
from panier.baskets.destinations import NotShippedThere, To, countries, find_refusal, net
from panier.baskets.queries import (
    Asking,
    OpenParcel,
    OpenParcels,
    Sent,
    ShownBasket,
    Visit,
    as_json,
    find_unknown,
    get_basket,
    list_askings,
    show_lines,
)
from panier.baskets.reductions import Reduction, presses, take_off
from panier.baskets.rules import (
    Cut,
    Destination,
    Item,
    Line,
    Sums,
    by_seller,
    join_items,
    price,
    reduce,
    sums,
)

__all__ = [
    "Asking",
    "Claim",
    "Cut",
    "Destination",
    "Item",
    "Line",
    "NotShippedThere",
    "OpenParcel",
    "OpenParcels",
    "Reduction",
    "Sent",
    "ShownBasket",
    "Sums",
    "To",
    "Verdict",
    "Visit",
    "add_all",
    "as_json",
    "by_seller",
    "countries",
    "drop",
    "find_refusal",
    "find_unknown",
    "get_basket",
    "join_items",
    "judge",
    "list_askings",
    "net",
    "presses",
    "price",
    "reduce",
    "show",
    "show_lines",
    "sums",
    "take_off",
]
