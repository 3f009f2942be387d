"""Incentives: what moves people to buy: vouchers and deals, with limits that hold.

owns    voucher, deal
says    nothing yet
hears   nothing
limits  none yet
"""
