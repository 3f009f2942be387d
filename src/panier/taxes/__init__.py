"""Taxes: VAT ids looked up in the EU's register, who pays the VAT, who a seller is before the law.

owns    vat_check, seller_legal, saved_company
says    nothing
hears   nothing; whoever sells asks
limits  4 questions to the register at once from a process, 8 s while a buyer waits; 20 ids a
        minute and client; an answer counts for vat_check_days; a question is asked 14 times
"""

from panier.taxes.actions import (
    check,
    forget_company,
    forget_old,
    recheck,
    save_company,
    set_trader,
)
from panier.taxes.queries import (
    Company,
    find_check,
    find_company,
    find_trader,
    list_origins,
    list_traders,
)
from panier.taxes.rules import (
    COMPANY_MAX,
    VAT_ID_MAX,
    WORDS,
    Business,
    Check,
    From,
    State,
    Trader,
    VatId,
    VatIdWrong,
    Why,
    can_be_checked,
    decide,
    read_vat_id,
)

__all__ = [
    "COMPANY_MAX",
    "VAT_ID_MAX",
    "WORDS",
    "Business",
    "Check",
    "Company",
    "From",
    "State",
    "Trader",
    "VatId",
    "VatIdWrong",
    "Why",
    "can_be_checked",
    "check",
    "decide",
    "find_check",
    "find_company",
    "find_trader",
    "forget_company",
    "forget_old",
    "list_origins",
    "list_traders",
    "read_vat_id",
    "recheck",
    "save_company",
    "set_trader",
]
