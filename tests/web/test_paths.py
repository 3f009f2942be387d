import pytest

from panier.web import safe_path


@pytest.mark.parametrize(
    "given",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\/evil.example",
        "javascript:alert(1)",
        "/fr/\r\nSet-Cookie: a=b",
        "/\t/evil.example",
        " /fr/",
        "fr/",
        "",
        None,
    ],
)
def test_an_address_that_may_lead_elsewhere_is_not_followed(given: str | None) -> None:
    assert safe_path(given, "/fr/") == "/fr/"


@pytest.mark.parametrize("given", ["/", "/fr/account", "/fr/live/a?t=12#x", "/fr/a%2Fb"])
def test_a_path_of_this_site_is_followed(given: str) -> None:
    assert safe_path(given, "/") == given
