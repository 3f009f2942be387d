"""Stock: what is left of each variant, and who holds how much of it until when.

owns    stock, stock_movement, allocation, hold, waiting, low_stock, low_stock_off
says    SoldOut, BackInStock, LowStock, WaitingOffered, HoldExpired; tells the pulse
        `stock` {variant: available}
hears   ShowEnded, ShowCancelled; LowStock (a mail to the seller); orders take and give back
        inside their own transactions
limits  a hold lasts at most 15 minutes and is extended once (30 minutes with a payment under
        way); what is only wanted lies in a basket for a day; 20 units a buyer and variant, or
        fewer, with those bought, where the seller says so (1 to 1000); a million units of a
        variant; 10,000 people wait for a variant, 500 places are counted
"""

from panier.stock.actions import Claim, claim, expire_holds, extend, release, take, unclaim
from panier.stock.alerts import tell_low
from panier.stock.allocations import Allocation, allocate, free_allocations
from panier.stock.closing import close_at
from panier.stock.commands import (
    extend_by_socket,
    places_by_socket,
    unwait_by_socket,
    wait_by_socket,
)
from panier.stock.desk import Held, Wanted, hold, hold_all
from panier.stock.limits import (
    Asker,
    Demand,
    Over,
    count_had,
    find_over,
    list_limits,
    set_limit,
)
from panier.stock.movements import (
    Movement,
    change_stock,
    correct,
    give_back,
    restock,
    set_alert,
    set_stock,
)
from panier.stock.queries import (
    Finding,
    Hold,
    Places,
    check_stock,
    find_gone,
    get_availability,
    list_claimed,
    list_counts,
    list_holds,
    lock_counts,
)
from panier.stock.rules import (
    UNITS_MAX,
    WANTED_SECONDS,
    AllocationUsed,
    BuyerLimitReached,
    Closed,
    HoldLimitReached,
    LineFull,
    NotEnough,
    NothingToExtend,
    Reason,
    ShowOver,
    SoldOut,
    StillThere,
    TooManyUnits,
    WrongSign,
)
from panier.stock.shelves import PULSE
from panier.stock.waiting import Offered, Place, Wish, find_offer, leave, list_places, wait

__all__ = [
    "PULSE",
    "UNITS_MAX",
    "WANTED_SECONDS",
    "Allocation",
    "AllocationUsed",
    "Asker",
    "BuyerLimitReached",
    "Claim",
    "Closed",
    "Demand",
    "Finding",
    "Held",
    "Hold",
    "HoldLimitReached",
    "LineFull",
    "Movement",
    "NotEnough",
    "NothingToExtend",
    "Offered",
    "Over",
    "Place",
    "Places",
    "Reason",
    "ShowOver",
    "SoldOut",
    "StillThere",
    "TooManyUnits",
    "Wanted",
    "Wish",
    "WrongSign",
    "allocate",
    "change_stock",
    "check_stock",
    "claim",
    "close_at",
    "correct",
    "count_had",
    "expire_holds",
    "extend",
    "extend_by_socket",
    "find_gone",
    "find_offer",
    "find_over",
    "free_allocations",
    "get_availability",
    "give_back",
    "hold",
    "hold_all",
    "leave",
    "list_claimed",
    "list_counts",
    "list_holds",
    "list_limits",
    "list_places",
    "lock_counts",
    "places_by_socket",
    "release",
    "restock",
    "set_alert",
    "set_limit",
    "set_stock",
    "take",
    "tell_low",
    "unclaim",
    "unwait_by_socket",
    "wait",
    "wait_by_socket",
]
