"""Stock: what is left of each variant, and who holds how much of it until when.

owns    stock, stock_movement, hold
says    SoldOut, BackInStock, LowStock, HoldExpired; tells the pulse `stock` {variant: available}
hears   nothing; orders take and give back inside their own transactions
limits  a hold lasts at most 15 minutes (30 with a payment under way); 20 units a buyer and
        variant; a million units of a variant
"""

from panier.stock.actions import Claim, claim, expire_holds, release, take, unclaim
from panier.stock.desk import Held, Wanted, hold, hold_all
from panier.stock.movements import (
    Movement,
    change_stock,
    correct,
    give_back,
    restock,
    set_stock,
)
from panier.stock.queries import (
    Finding,
    Hold,
    check_stock,
    get_availability,
    list_claimed,
    list_holds,
)
from panier.stock.rules import (
    UNITS_MAX,
    HoldLimitReached,
    NotEnough,
    Reason,
    SoldOut,
    TooManyUnits,
    WrongSign,
)
from panier.stock.shelves import PULSE

__all__ = [
    "PULSE",
    "UNITS_MAX",
    "Claim",
    "Finding",
    "Held",
    "Hold",
    "HoldLimitReached",
    "Movement",
    "NotEnough",
    "Reason",
    "SoldOut",
    "TooManyUnits",
    "Wanted",
    "WrongSign",
    "change_stock",
    "check_stock",
    "claim",
    "correct",
    "expire_holds",
    "get_availability",
    "give_back",
    "hold",
    "hold_all",
    "list_claimed",
    "list_holds",
    "release",
    "restock",
    "set_stock",
    "take",
    "unclaim",
]
