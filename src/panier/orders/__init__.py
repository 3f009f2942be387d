"""Orders: the promise; a checkout pays one order a seller with one payment.

owns    checkout, orders, order_line, order_number, order_step
says    OrderPaid, OrderRefused
hears   PaymentReported (settle), OrderPaid and OrderRefused (mail, what the buyer lets us keep)
limits  stock is held at most 30 minutes for a payment; 30 payments a minute and client
"""

from panier.orders.actions import lock_order, move_order
from panier.orders.addresses import check_address, check_name
from panier.orders.checkout import check_out, pay, refresh, resume_payments
from panier.orders.frozen import Placement
from panier.orders.joining import Together, find_open_parcels, list_together
from panier.orders.lists import (
    PAGE,
    Filter,
    list_orders,
    list_shows_sold,
    sum_orders,
    write_csv,
)
from panier.orders.place import Placed
from panier.orders.queries import (
    Checkout,
    Finding,
    Order,
    OrderLine,
    check_orders,
    find_checkout,
    find_checkout_of,
    find_order,
    list_checkouts,
    list_lines,
    list_orders_of,
)
from panier.orders.returns import tell_returns
from panier.orders.rules import (
    ORDER_PAGE,
    TRANSITIONS,
    EmptyBasket,
    NotSoldHere,
    PaidFirst,
    PriceChanged,
    State,
    TooManyEach,
    name_on_air,
)
from panier.orders.settle import Settled, settled
from panier.orders.wish import buy_all

__all__ = [
    "ORDER_PAGE",
    "PAGE",
    "TRANSITIONS",
    "Checkout",
    "EmptyBasket",
    "Filter",
    "Finding",
    "NotSoldHere",
    "Order",
    "OrderLine",
    "PaidFirst",
    "Placed",
    "Placement",
    "PriceChanged",
    "Settled",
    "State",
    "Together",
    "TooManyEach",
    "buy_all",
    "check_address",
    "check_name",
    "check_orders",
    "check_out",
    "find_checkout",
    "find_checkout_of",
    "find_open_parcels",
    "find_order",
    "list_checkouts",
    "list_lines",
    "list_orders",
    "list_orders_of",
    "list_shows_sold",
    "list_together",
    "lock_order",
    "move_order",
    "name_on_air",
    "pay",
    "refresh",
    "resume_payments",
    "settled",
    "sum_orders",
    "tell_returns",
    "write_csv",
]
