"""How VAT ids are written, and who pays the VAT."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from panier.taxes import Check, From, VatId, VatIdWrong, Why, decide, read_vat_id
from panier.taxes.rules import WORDS

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FRANCE, ITALY = From("FR", registered=True), From("IT", registered=True)


def checked(state: str = "valid", country: str = "DE", days: float = 0) -> Check:
    at = None if state == "pending" else NOON - timedelta(days=days)
    return Check(UUID(int=1), "DE123456788", country, state, "WAPI", "Weber", "", at)


@pytest.mark.parametrize(
    ("typed", "country", "full", "of"),
    [
        ("DE123456788", "FR", "DE123456788", "DE"),
        (" de 123.456.788 ", "FR", "DE123456788", "DE"),
        ("123456788", "DE", "DE123456788", "DE"),
        ("EL094259216", "FR", "EL094259216", "GR"),
        ("GR 094259216", "FR", "EL094259216", "GR"),
        ("094259216", "GR", "EL094259216", "GR"),
        ("B12345674", "ES", "ESB12345674", "ES"),
        ("ATU12345675", "AT", "ATU12345675", "AT"),
        ("XI123456782", "FR", "XI123456782", "XI"),
        ("123456782", "GB", "GB123456782", "GB"),
    ],
)
def test_an_id_is_read_with_or_without_its_country(
    typed: str, country: str, full: str, of: str
) -> None:
    assert read_vat_id(typed, country) == VatId(full, of)


@pytest.mark.parametrize(
    "typed",
    ["", " ", "DE123456789", "DE", "12", "US123456788", "EU372000063", "DE123456788" * 4,
     "DE12345678\x008", "http://127.0.0.1/", "FR" + "1" * 31],
)  # fmt: skip
def test_what_is_written_wrongly_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(VatIdWrong) as refused:
        read_vat_id(typed, "DE")
    assert refused.value.details == {"example": "DE123456788", "field": "vat_id"}


@pytest.mark.parametrize(
    ("check", "to", "sellers", "why"),
    [
        (checked(), "DE", [FRANCE], Why.REVERSED),
        (checked(days=7), "DE", [FRANCE, ITALY], Why.REVERSED),
        (checked(days=7.01), "DE", [FRANCE], Why.PENDING),
        (None, "DE", [FRANCE], Why.PENDING),
        (checked("pending"), "DE", [FRANCE], Why.PENDING),
        (checked("invalid"), "DE", [FRANCE], Why.INVALID),
        (checked(), "AT", [FRANCE], Why.ELSEWHERE),
        (checked(country="XI"), "GB", [FRANCE], Why.OUTSIDE),
        (checked(country="XI"), "IE", [FRANCE], Why.ELSEWHERE),
        (checked(), "DE", [From("GB", registered=True)], Why.OUTSIDE),
        (checked(), "DE", [FRANCE, From("CH", registered=True)], Why.OUTSIDE),
        (checked(country="FR"), "FR", [FRANCE], Why.DOMESTIC),
        (checked(), "DE", [FRANCE, From("DE", registered=True)], Why.DOMESTIC),
        (checked(), "DE", [], Why.DOMESTIC),
        (checked(), "DE", [FRANCE, From("IT", registered=False)], Why.UNREGISTERED),
    ],
)
def test_no_vat_is_charged_only_where_every_condition_holds(
    check: Check | None, to: str, sellers: list[From], why: Why
) -> None:
    assert decide(check, to, sellers, NOON, 7) == why


def test_each_outcome_has_its_words() -> None:
    assert set(WORDS) == set(Why)
