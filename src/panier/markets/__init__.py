"""Markets: where we sell, in which currency and languages, with which VAT, fee and stage.

owns    market, vat_rate, fee
says    nothing
hears   nothing
limits  a market is known within 5 seconds of its change by every process
"""

from panier.markets.actions import load, move
from panier.markets.market import Market
from panier.markets.queries import (
    access_market,
    access_market_in,
    find_market,
    get_commission,
    get_market,
    get_vat_rate,
    list_markets,
    list_open_markets,
)
from panier.markets.remembered import remember_market, remembered_market
from panier.markets.rules import (
    VAT_CATEGORIES,
    MarketPaused,
    Stage,
    StageRefused,
    UnknownFee,
    UnknownVatRate,
    can_sell,
    check_selling,
    is_public,
)

__all__ = [
    "VAT_CATEGORIES",
    "Market",
    "MarketPaused",
    "Stage",
    "StageRefused",
    "UnknownFee",
    "UnknownVatRate",
    "access_market",
    "access_market_in",
    "can_sell",
    "check_selling",
    "find_market",
    "get_commission",
    "get_market",
    "get_vat_rate",
    "is_public",
    "list_markets",
    "list_open_markets",
    "load",
    "move",
    "remember_market",
    "remembered_market",
]
