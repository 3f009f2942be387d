"""Incentives: what moves people to buy: vouchers and deals, with limits that hold.

owns    voucher, voucher_entered, voucher_use, deal, deal_price, deal_take
says    nothing: a deal is a fact of the room's log
hears   nothing
limits  5 vouchers a basket; limits of uses are granted under a lock, in the order's transaction
"""

from panier.incentives.actions import (
    NewVoucher,
    agree,
    create_voucher,
    end_voucher,
    enter,
    take_out,
)
from panier.incentives.queries import Cost, Who, find_voucher, get_voucher, list_costs
from panier.incentives.refusals import (
    CodeTaken,
    TooManyVouchers,
    VoucherEnded,
    VoucherLimitReached,
    VoucherMinimum,
    VoucherNotCombinable,
    VoucherNotHere,
    VoucherNotYet,
    VoucherOver,
    VoucherUnknown,
    VoucherUsedUp,
)
from panier.incentives.rules import Cut, Goods, Kind, Reduced, Taken, Voucher, digest_email
from panier.incentives.till import ShownVoucher, Till, Want, confirm, give_back, open_till

__all__ = [
    "CodeTaken",
    "Cost",
    "Cut",
    "Goods",
    "Kind",
    "NewVoucher",
    "Reduced",
    "ShownVoucher",
    "Taken",
    "Till",
    "TooManyVouchers",
    "Voucher",
    "VoucherEnded",
    "VoucherLimitReached",
    "VoucherMinimum",
    "VoucherNotCombinable",
    "VoucherNotHere",
    "VoucherNotYet",
    "VoucherOver",
    "VoucherUnknown",
    "VoucherUsedUp",
    "Want",
    "Who",
    "agree",
    "confirm",
    "create_voucher",
    "digest_email",
    "end_voucher",
    "enter",
    "find_voucher",
    "get_voucher",
    "give_back",
    "list_costs",
    "open_till",
    "take_out",
]
