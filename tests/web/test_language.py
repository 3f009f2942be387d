import pytest

from panier.web import negotiate


@pytest.mark.parametrize(
    ("header", "offered", "expected"),
    [
        ("fr-CA,fr;q=0.9,en;q=0.8", ["en", "fr"], "fr"),
        ("en;q=0.2, it;q=0.9", ["en", "it"], "it"),
        ("pl, de;q=0.5", ["de", "en"], "de"),
        ("fr;q=0, en;q=0.1", ["fr", "en"], "en"),
        ("zh", ["fr", "en"], None),
        ("", ["fr"], None),
        ("fr;q=many", ["fr"], None),
        ("," * 10_000 + "fr", ["fr"], None),
    ],
)
def test_the_wish_with_the_greatest_weight_that_is_offered_wins(
    header: str, offered: list[str], expected: str | None
) -> None:
    assert negotiate(header, offered) == expected
