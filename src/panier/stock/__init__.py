"""Stock: what is left of each variant, and who holds how much of it until when.

owns    stock, hold
says    SoldOut, BackInStock, HoldExpired; tells the pulse `stock` {variant: available}
hears   nothing; orders take and give back inside their own transactions
limits  a hold lasts at most 15 minutes (30 with a payment under way); 20 units a buyer and variant
"""

from panier.stock.actions import Claim, claim, expire_holds, release, set_stock, take, unclaim
from panier.stock.desk import Held, Wanted, hold, hold_all
from panier.stock.queries import (
    Finding,
    Hold,
    check_stock,
    get_availability,
    list_claimed,
    list_holds,
)
from panier.stock.rules import HoldLimitReached, NotEnough, SoldOut
from panier.stock.shelves import PULSE

__all__ = [
    "PULSE",
    "Claim",
    "Finding",
    "Held",
    "Hold",
    "HoldLimitReached",
    "NotEnough",
    "SoldOut",
    "Wanted",
    "check_stock",
    "claim",
    "expire_holds",
    "get_availability",
    "hold",
    "hold_all",
    "list_claimed",
    "list_holds",
    "release",
    "set_stock",
    "take",
    "unclaim",
]
