"""Baskets: what a viewer wants to buy, priced now; a basket is its holds and nothing else.

owns    no table
says    nothing
hears   nothing; the room's socket calls add, drop and show
limits  20 units of a variant a buyer (hold_quantity_max); a hold lasts hold_seconds
"""

from panier.baskets.actions import add_all, drop, show
from panier.baskets.queries import ShownBasket, as_json, get_basket, get_vat_rates, show_lines
from panier.baskets.reductions import Reduction, presses, take_off
from panier.baskets.rules import Cut, Item, Line, Sums, by_seller, join_items, price, reduce, sums

__all__ = [
    "Cut",
    "Item",
    "Line",
    "Reduction",
    "ShownBasket",
    "Sums",
    "add_all",
    "as_json",
    "by_seller",
    "drop",
    "get_basket",
    "get_vat_rates",
    "join_items",
    "presses",
    "price",
    "reduce",
    "show",
    "show_lines",
    "sums",
    "take_off",
]
