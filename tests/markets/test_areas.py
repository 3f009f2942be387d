"""VAT areas: who is sold to from where, and where in a country another VAT holds."""

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
        ("PT", "9000-017", True),  # Funchal
        ("PT", "9980-024", True),  # Corvo
        ("PT", "8900-258", False),
        ("AT", "6691", True),  # Jungholz
        ("AT", "6991", True),
        ("AT", "6992", True),
        ("AT", "6993", True),
        ("AT", "6990", False),
        ("AT", "6900", False),
    ],
)
def test_a_postcode_tells_where_the_vat_of_the_country_does_not_hold(
    country: str, postcode: str, *, outside: bool
) -> None:
    assert markets.is_outside(country, postcode) is outside
