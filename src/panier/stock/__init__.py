"""Stock: what is left of each variant, and who holds how much of it until when.

owns    stock, stock_movement, allocation, hold
says    SoldOut, BackInStock, LowStock, HoldExpired; tells the pulse `stock` {variant: available}
hears   ShowEnded, ShowCancelled; orders take and give back inside their own transactions
limits  a hold lasts at most 15 minutes (30 with a payment under way); 20 units a buyer and
        variant; a million units of a variant
"""

from panier.stock.actions import Claim, claim, expire_holds, release, take, unclaim
from panier.stock.allocations import Allocation, allocate, free_allocations
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
    AllocationUsed,
    HoldLimitReached,
    NotEnough,
    Reason,
    ShowOver,
    SoldOut,
    TooManyUnits,
    WrongSign,
)
from panier.stock.shelves import PULSE

__all__ = [
    "PULSE",
    "UNITS_MAX",
    "Allocation",
    "AllocationUsed",
    "Claim",
    "Finding",
    "Held",
    "Hold",
    "HoldLimitReached",
    "Movement",
    "NotEnough",
    "Reason",
    "ShowOver",
    "SoldOut",
    "TooManyUnits",
    "Wanted",
    "WrongSign",
    "allocate",
    "change_stock",
    "check_stock",
    "claim",
    "correct",
    "expire_holds",
    "free_allocations",
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
