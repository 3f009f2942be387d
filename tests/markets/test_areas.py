"""VAT areas: who is sold to from where, and what of a country lies outside."""

import pytest

from panier import markets


def test_a_member_state_sells_to_all_and_the_united_kingdom_to_itself() -> None:
    assert len(markets.EU) == 27
    assert markets.vat_area("FR") == markets.vat_area("GR") == markets.EU
    assert markets.vat_area("GB") == {"GB"}
    assert markets.vat_area("CH") == {"CH"}
    assert "GB" not in markets.vat_area("IE")


@pytest.mark.parametrize(
    ("country", "postcode", "outside"),
    [
        ("FR", "97110", True),  # Guadeloupe
        ("FR", "75002", False),
        ("FR", "19700", False),
        ("ES", "35 001", True),  # Las Palmas
        ("ES", "28039", False),
        ("DE", "78266", True),  # Büsingen
        ("DE", "78267", False),
        ("GB", "JE2 3AB", True),
        ("GB", "BT1 5GS", False),
        ("NL", "1234 AB", False),
    ],
)
def test_a_postcode_tells_what_lies_outside(country: str, postcode: str, *, outside: bool) -> None:
    assert markets.is_outside(country, postcode) is outside
