"""Incentives: what moves people to buy: vouchers and deals, with limits that hold.

owns    voucher, voucher_entered, voucher_use, deal, deal_price, deal_take, deal_agreement,
        deal_request, deal_request_price
says    DealAsked; a deal itself is a fact of the room's log
hears   ShowEnded: what is still announced or open closes with the show; DealAsked (a mail to the
        seller)
limits  5 vouchers a basket; a deal of 10-1,200 s after 10-300 s; limits of uses and units are
        granted under a lock, in the order's transaction; a seller answers a request in 15 minutes
"""

from panier.incentives.actions import (
    NewVoucher,
    agree,
    create_voucher,
    end_voucher,
    enter,
    take_out,
)
from panier.incentives.agreed import agree_to_deals, end_agreement, find_agreement
from panier.incentives.asking import Request, ask, decide, get_request
from panier.incentives.commands import end, start
from panier.incentives.deal_rules import (
    Agreement,
    Bounds,
    Deal,
    DealNotAgreed,
    DealOffAir,
    DealRunning,
    RequestDecided,
)
from panier.incentives.deal_till import Press
from panier.incentives.deals import NewDeal, announce, end_deal, find_running, move_deals
from panier.incentives.queries import Cost, Who, find_voucher, get_voucher, list_costs
from panier.incentives.refusals import (
    CodeTaken,
    TooManyVouchers,
    VoucherEnded,
    VoucherLimitReached,
    VoucherMinimum,
    VoucherNotCombinable,
    VoucherNotHere,
    VoucherNotNeeded,
    VoucherNotYet,
    VoucherOver,
    VoucherUnknown,
    VoucherUsedUp,
)
from panier.incentives.rules import Cut, Goods, Kind, Reduced, Taken, Voucher, digest_email
from panier.incentives.till import ShownVoucher, Till, Want, confirm, give_back, open_till

__all__ = [
    "Agreement",
    "Bounds",
    "CodeTaken",
    "Cost",
    "Cut",
    "Deal",
    "DealNotAgreed",
    "DealOffAir",
    "DealRunning",
    "Goods",
    "Kind",
    "NewDeal",
    "NewVoucher",
    "Press",
    "Reduced",
    "Request",
    "RequestDecided",
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
    "VoucherNotNeeded",
    "VoucherNotYet",
    "VoucherOver",
    "VoucherUnknown",
    "VoucherUsedUp",
    "Want",
    "Who",
    "agree",
    "agree_to_deals",
    "announce",
    "ask",
    "confirm",
    "create_voucher",
    "decide",
    "digest_email",
    "end",
    "end_agreement",
    "end_deal",
    "end_voucher",
    "enter",
    "find_agreement",
    "find_running",
    "find_voucher",
    "get_request",
    "get_voucher",
    "give_back",
    "list_costs",
    "move_deals",
    "open_till",
    "start",
    "take_out",
]
