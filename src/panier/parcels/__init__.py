"""Parcels: what becomes of an order that was paid: packed, shipped, delivered, returned.

owns    parcel, refund
says    nothing yet
hears   nothing
limits  none yet
"""
