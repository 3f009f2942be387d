"""Markets: where we sell, in which currency and languages, with which VAT, fee and stage.

owns    market, vat_rate, fee_rule
says    nothing
hears   nothing
limits  a market or fee is known within 5 seconds of its change by every process; 500 fee rules
        a market, a commission of at most 50 %
"""

from panier.markets.actions import load, move
from panier.markets.areas import EU, is_outside, vat_area
from panier.markets.fees import (
    add_fee_rule,
    end_fee_rule,
    find_commissions,
    get_highest_commission,
    list_fee_rules,
)
from panier.markets.market import Market
from panier.markets.queries import (
    access_market,
    access_market_in,
    find_market,
    find_vat_rates,
    get_highest_vat_rate,
    get_market,
    get_vat_rate,
    list_markets,
    list_open_markets,
)
from panier.markets.remembered import remember_market, remembered_market
from panier.markets.rules import (
    CATEGORY_NAMES,
    COMMISSION_DEFAULT,
    COMMISSION_MAX,
    VAT_CATEGORIES,
    FeeEndTooEarly,
    FeeRule,
    FeeRuleOver,
    FeeTooEarly,
    MarketPaused,
    Stage,
    StageRefused,
    Standing,
    Tier,
    UnknownVatRate,
    can_sell,
    check_selling,
    fee_standing,
    find_fee,
    is_public,
)

__all__ = [
    "CATEGORY_NAMES",
    "COMMISSION_DEFAULT",
    "COMMISSION_MAX",
    "EU",
    "VAT_CATEGORIES",
    "FeeEndTooEarly",
    "FeeRule",
    "FeeRuleOver",
    "FeeTooEarly",
    "Market",
    "MarketPaused",
    "Stage",
    "StageRefused",
    "Standing",
    "Tier",
    "UnknownVatRate",
    "access_market",
    "access_market_in",
    "add_fee_rule",
    "can_sell",
    "check_selling",
    "end_fee_rule",
    "fee_standing",
    "find_commissions",
    "find_fee",
    "find_market",
    "find_vat_rates",
    "get_highest_commission",
    "get_highest_vat_rate",
    "get_market",
    "get_vat_rate",
    "is_outside",
    "is_public",
    "list_fee_rules",
    "list_markets",
    "list_open_markets",
    "load",
    "move",
    "remember_market",
    "remembered_market",
    "vat_area",
]
