"""Which countries share a VAT area, and what of their land does not belong to it: pure.

Directive 2006/112/EC, articles 5 and 6; Northern Ireland and the Isle of Man are sold to as the
rest of the United Kingdom is.
"""

EU = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    }
)
"""Member states of the European Union, by ISO 3166 (Greece is GR)."""

OUTSIDE: dict[str, tuple[str, ...]] = {
    "DE": ("27498", "78266"),  # Heligoland, Büsingen
    "ES": ("35", "38", "51", "52"),  # the Canary Islands, Ceuta, Melilla
    "FI": ("22",),  # Åland
    "FR": ("97", "98"),  # overseas
    "GB": ("GY", "JE"),  # Guernsey, Jersey
    "GR": ("63086", "63087"),  # Mount Athos
    "IT": ("22061", "23041"),  # Campione, Livigno
}
"""How postcodes begin that lie outside of their country's VAT area."""


def vat_area(country: str) -> frozenset[str]:
    """Return the countries to which a market of `country` sells: its VAT area, itself included."""
    return EU if country in EU else frozenset({country})


def is_outside(country: str, postcode: str) -> bool:
    """Tell whether a place does not share its country's VAT: nothing can be priced there."""
    return postcode.replace(" ", "").startswith(OUTSIDE.get(country, ()))
