"""What the database takes for a question."""

import pytest

from panier.kit.cells import Cell
from panier.kit.db import value
from panier.reports.room import ASKS
from panier.reports.rules import question_words


async def asks(cell: Cell, language: str, text: str) -> bool:
    sql = "select " + ASKS + " from (select %(text)s::text) line(text)"
    async with cell.read() as tx:
        return bool(await value(tx, sql, {"text": text, "words": question_words(language)}))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Combien coûte le bol"),
        ("fr", "est-ce que ça passe au four"),
        ("fr", "il reste du bleu ?"),
        ("en", "What size is it"),
        ("en", "  is it dishwasher safe"),
        ("it", "Quanto costa"),
        ("it", "come si lava"),
        ("de", "Wie groß ist die Schale"),
        ("de", "gibt es die in blau"),
        ("es", "¿lo hay en azul"),
        ("es", "Cuándo llega"),
        ("fr", "how big is it"),
    ],
)
async def test_a_question_is_known_by_its_mark_or_its_first_word(
    cell: Cell, language: str, text: str
) -> None:
    assert await asks(cell, language, text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "come on, so lovely"),
        ("fr", "quelqu'un l'a déjà, c'est top"),
        ("fr", "trop beau"),
        ("de", "super Schale"),
        ("en", "whatever you say"),
        ("es", "me encanta"),
        ("it", "bellissima"),
    ],
)
async def test_a_remark_is_no_question(cell: Cell, language: str, text: str) -> None:
    assert not await asks(cell, language, text)
