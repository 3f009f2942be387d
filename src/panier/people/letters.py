"""Letters to people with an account, each in their own language; queued with what they tell of."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from panier import markets, web
from panier.kit.db import Tx
from panier.kit.i18n import use_language
from panier.kit.mail import queue_mail
from panier.people.person import Person


class Note(NamedTuple):
    """What a letter says, in the language in which it is written."""

    subject: str
    said: list[str]
    """Sentences, the first one before the facts."""
    facts: list[tuple[str, str]]
    """A name and a value each: a table where there are many."""
    link: tuple[str, str]
    """What can be done, and the path of the page where."""
    why: str
    """Why they get it, and how to get no more of it."""


async def write_to(
    tx: Tx,
    market: str,
    people: Iterable[Person],
    write: Callable[[Person], Note],
    *,
    ahead: bool = False,
) -> int:
    """Queue a letter to each of these people; returns how many.

    `write` is called in the language of each, which is the market's where it is not spoken there.
    `ahead`: in some minutes it is too late, so that it goes before all other mail.
    """
    place = await markets.get_market(tx, market)
    count = 0
    for person in people:
        spoken = place.languages
        with use_language(person.language if person.language in spoken else spoken[0]):
            note = write(person)
            told = {"note": note, "name": person.name, "url": tx.cell.site + note.link[1]}
            text, html = (
                web.render_letter(f"people/note.{kind}", place, **told) for kind in ("txt", "html")
            )
        await queue_mail(tx, person.email, note.subject, text, html, ahead=ahead)
        count += 1
    return count
