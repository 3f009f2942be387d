"""Bookings: services with their slots as sellers keep them, and who comes to which.

owns    no table: service and slot are the catalogue's, booking the orders'
says    nothing: what is cancelled is the parcels' to tell
hears   nothing; the clock ends slots (parcels)
limits  200 slots of a service to come, 52 made at once, 1000 places in a slot; 1000 bookings on a
        page; 60 changes a minute and client
"""

from panier.bookings.actions import call_off, change_terms, make_service, open_slots, set_capacity
from panier.bookings.rules import LARGE_FORMS, PLACES_MAX, plan_slots

__all__ = [
    "LARGE_FORMS",
    "PLACES_MAX",
    "call_off",
    "change_terms",
    "make_service",
    "open_slots",
    "plan_slots",
    "set_capacity",
]
