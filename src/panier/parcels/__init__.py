"""Parcels: what becomes of an order that was paid: packed, shipped, delivered, returned, refunded.

owns    order_step (with orders), fulfilment, parcel, giving_back, order_refund and their lines;
        the objects labels/…
says    OrderShipped, OrderDelivered, OrderCancelled, ReturnAsked, ReturnLabelled, OrderReturned,
        OrderRefunded
hears   RefundDone, RefundFailed; DisputeOpened, DisputeClosed (books, states); its own events
        (mails to the buyer)
limits  20 parcels an order, 200 orders a bulk action; 14 days to withdraw; a label of 5 MiB
"""

from panier.parcels.actions import (
    Cancelling,
    NewParcel,
    cancel,
    deliver,
    deliver_overdue,
    lose,
    pack,
    ship,
)
from panier.parcels.bookings import end_slots, give_up, list_booked
from panier.parcels.disputes import NotSettled, check_disputes
from panier.parcels.queries import Finding, Parcel, Story, check_parcels, list_stories
from panier.parcels.refunds import Ask, Refund, ask_again, give_money, list_refunds
from panier.parcels.returns import Directions, ask_return, close_return, direct, receive
from panier.parcels.reversal import WHOLE, Nothing, RefundTooMuch, Wanted
from panier.parcels.rules import (
    LARGE_FORMS,
    CannotReturn,
    NothingChosen,
    NotNow,
    Reason,
    TooLate,
    TooManyUnits,
)

__all__ = [
    "LARGE_FORMS",
    "WHOLE",
    "Ask",
    "Cancelling",
    "CannotReturn",
    "Directions",
    "Finding",
    "NewParcel",
    "NotNow",
    "NotSettled",
    "Nothing",
    "NothingChosen",
    "Parcel",
    "Reason",
    "Refund",
    "RefundTooMuch",
    "Story",
    "TooLate",
    "TooManyUnits",
    "Wanted",
    "ask_again",
    "ask_return",
    "cancel",
    "check_disputes",
    "check_parcels",
    "close_return",
    "deliver",
    "deliver_overdue",
    "direct",
    "end_slots",
    "give_money",
    "give_up",
    "list_booked",
    "list_refunds",
    "list_stories",
    "lose",
    "pack",
    "receive",
    "ship",
]
