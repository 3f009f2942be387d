"""Incentives: what moves people to buy: vouchers and deals, with limits that hold.

owns    voucher, voucher_entered, voucher_use, deal, deal_price, deal_take
says    nothing: a deal is a fact of the room's log
hears   ShowEnded: what is still announced or open closes with the show
limits  5 vouchers a basket; a deal of 10-1,200 s after 10-300 s; limits of uses and units are
        granted under a lock, in the order's transaction
"""

from panier.incentives.actions import (
    NewVoucher,
    agree,
    create_voucher,
    end_voucher,
    enter,
    take_out,
)
from panier.incentives.commands import end, start
from panier.incentives.deal_rules import Deal, DealOffAir, DealRunning
from panier.incentives.deal_till import Press
from panier.incentives.deals import announce, end_deal, find_running, move_deals
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
    "Deal",
    "DealOffAir",
    "DealRunning",
    "Goods",
    "Kind",
    "NewVoucher",
    "Press",
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
    "announce",
    "confirm",
    "create_voucher",
    "digest_email",
    "end",
    "end_deal",
    "end_voucher",
    "enter",
    "find_running",
    "find_voucher",
    "get_voucher",
    "give_back",
    "list_costs",
    "move_deals",
    "open_till",
    "start",
    "take_out",
]
