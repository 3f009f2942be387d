"""Which countries share a VAT area, and where in them another VAT holds: pure.

Directive 2006/112/EC, articles 5 and 6, and of places inside that have rates of their own
articles 104 and 105; Northern Ireland and the Isle of Man are sold to as the rest of the United
Kingdom is.
"""

EU = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    }
)
"""Member states of the European Union, by ISO 3166 (Greece is GR)."""

OUTSIDE: dict[str, tuple[str, ...]] = {
    "AT": ("6691", "6991", "6992", "6993"),  # Jungholz, Mittelberg: inside, with another rate
    "DE": ("27498", "78266"),  # Heligoland, Büsingen
    "ES": ("35", "38", "51", "52"),  # the Canary Islands, Ceuta, Melilla
    "FI": ("22",),  # Åland
    "FR": ("97", "98"),  # overseas
    "GB": ("GY", "JE"),  # Guernsey, Jersey
    "GR": ("63086", "63087"),  # Mount Athos
    "IT": ("22061", "23041"),  # Campione, Livigno
    "PT": ("9",),  # Madeira, the Azores: inside, with other rates
}
"""How postcodes begin where the VAT of the rest of the country does not hold."""


def vat_area(country: str) -> frozenset[str]:
    """Return the countries to which a market of `country` sells: its VAT area, itself included."""
    return EU if country in EU else frozenset({country})


def is_outside(country: str, postcode: str) -> bool:
    """Tell whether a place does not share its country's VAT: nothing can be priced there.

    It lies outside of the VAT area, or inside with rates of its own.
    """
    return postcode.replace(" ", "").startswith(OUTSIDE.get(country, ()))
