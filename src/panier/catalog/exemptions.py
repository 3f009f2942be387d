"""What cannot be sent back, and why: pure.

Who buys at a distance may withdraw, unless one of the exceptions of Directive 2011/83/EU, article
16 (UK: SI 2013/3134, regulation 28) holds; the seller says which, and the buyer reads it before
they pay.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from panier.kit.errors import BadInput
from panier.kit.i18n import N_, _, current_language, translate


class Withdrawal(StrEnum):
    """Whether a buyer may withdraw, or the exception."""

    ALLOWED = "allowed"
    """Within the time that the law gives."""
    MADE_TO_ORDER = "made_to_order"
    """Letter c."""
    PERISHABLE = "perishable"
    """Letter d."""
    SEALED_HYGIENE = "sealed_hygiene"
    """Letter e; once the seal is broken."""
    SEALED_MEDIA = "sealed_media"
    """Letter i; once the seal is broken."""
    DATED_LEISURE = "dated_leisure_service"
    """Letter l."""
    DIGITAL = "digital"
    """Letter m."""


class Exemption(NamedTuple):
    """An exception as the seller chooses it and as the buyer reads it."""

    title: str
    when: str
    """To the seller: when it holds."""
    told: str
    """To the buyer, before and after the purchase."""


EXEMPTIONS: Mapping[Withdrawal, Exemption] = {
    Withdrawal.MADE_TO_ORDER: Exemption(
        N_("Made to order"),
        N_("It is made or altered for one buyer: engraved, sewn to measure, printed with a name."),
        N_("Made to your wishes: it cannot be sent back."),
    ),
    Withdrawal.PERISHABLE: Exemption(
        N_("Spoils quickly"),
        N_("It goes bad within days: fresh food, cut flowers."),
        N_("It spoils quickly: it cannot be sent back."),
    ),
    Withdrawal.SEALED_HYGIENE: Exemption(
        N_("Sealed for hygiene"),
        N_("It is sealed for health or hygiene, and nobody else could use it once it is opened."),
        N_("Sealed for hygiene: it can only be sent back unopened."),
    ),
    Withdrawal.SEALED_MEDIA: Exemption(
        N_("Sealed recording or software"),
        N_("A record, a film or software in a sealed packing."),
        N_("Sealed recording or software: it can only be sent back unopened."),
    ),
    Withdrawal.DATED_LEISURE: Exemption(
        N_("Leisure on a set date"),
        N_("A tasting, a class or a treatment for pleasure on a set day; not advice or repairs."),
        N_("Leisure on a set date: there is no right to withdraw; you can cancel until the time"
           " given."),
    ),
    Withdrawal.DIGITAL: Exemption(
        N_("Digital, delivered at once"),
        N_("A download or stream that begins before the time to withdraw is over."),
        N_("Digital and delivered at once: it cannot be given back."),
    ),
}  # fmt: skip
SEALED = frozenset({Withdrawal.SEALED_HYGIENE, Withdrawal.SEALED_MEDIA})
"""What may be sent back as long as its seal is whole."""
OF_GOODS = tuple(w for w in Withdrawal if w != Withdrawal.DATED_LEISURE)
OF_SERVICES = (Withdrawal.ALLOWED, Withdrawal.DATED_LEISURE)


def check_withdrawal(given: str, kind: str) -> Withdrawal:
    """Return what a seller chose for a product of this kind; raises BadInput."""
    suits = OF_SERVICES if kind == "service" else OF_GOODS
    if given not in suits:
        raise BadInput(field="withdrawal", reason=_("please choose one of the list"))
    return Withdrawal(given)


def tell_exemption(withdrawal: str, language: str | None = None) -> str:
    """Say in `language`, or the reader's, that it stays bought; nothing where it need not."""
    found = EXEMPTIONS.get(Withdrawal(withdrawal))
    return translate(language or current_language(), found.told) if found else ""
