"""What may be wrong with a voucher or a deal; the docstring is what people read."""

from typing import Any

from panier.kit.errors import PanierError
from panier.kit.i18n import current_language
from panier.kit.money import Money


class VoucherUnknown(PanierError):
    """We do not know this code; please check how it is written."""

    code, status = "voucher_unknown", 404


class VoucherNotYet(PanierError):
    """This voucher is not valid here yet."""

    code, status = "voucher_not_yet", 409


class VoucherOver(PanierError):
    """This voucher is no longer valid."""

    code, status = "voucher_over", 409


class VoucherNotNeeded(PanierError):
    """Delivery of this is free already; keep the voucher %(code)s for another time."""

    code, status = "voucher_not_needed", 409


class VoucherUsedUp(PanierError):
    """This voucher has been used up by others."""

    code, status = "voucher_used_up", 409


class VoucherLimitReached(PanierError):
    """You have used this voucher already."""

    code, status = "voucher_limit_reached", 409


class VoucherNotHere(PanierError):
    """This voucher does not apply to anything in your basket."""

    code, status = "voucher_not_here", 409


class VoucherMinimum(PanierError):
    """This voucher starts at %(minimum)s of the goods it is for."""

    code, status = "voucher_minimum", 409

    def __init__(self, *, minimum: Money, **details: Any) -> None:
        """Keep the amount, written for whoever reads."""
        super().__init__(minimum=minimum.format(current_language()), **details)


class VoucherNotCombinable(PanierError):
    """This voucher cannot be combined with another one."""

    code, status = "voucher_not_combinable", 409


class TooManyVouchers(PanierError):
    """A basket takes at most %(limit)s vouchers."""

    code, status = "too_many_vouchers", 409


class CodeTaken(PanierError):
    """There is a voucher with the code “%(code)s” already; please choose another."""

    code, status = "code_taken", 409


class VoucherEnded(PanierError):
    """This voucher has been ended; please make a new one."""

    code, status = "voucher_ended", 409
