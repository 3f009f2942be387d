"""Reading people, their roles, sessions and addresses."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from panier.kit.clock import now
from panier.kit.db import Tx, find, rows, value
from panier.kit.errors import NotFound
from panier.people.person import Address, Person, Role, Session


class Credentials(msgspec.Struct, frozen=True):
    """What a sign-in is checked against."""

    id: UUID
    password_hash: str


class SignedIn(msgspec.Struct, frozen=True):
    """The person of a session, and what they are in one market."""

    id: UUID
    email: str
    name: str
    language: str
    roles: list[str]
    sellers: list[UUID]


async def find_person(tx: Tx, person: UUID) -> Person | None:
    """Read one person, or None."""
    return await find(
        tx, "select id, email, name, language from person where id = %s", (person,), Person
    )


async def get_person(tx: Tx, person: UUID) -> Person:
    """Read one person; raises NotFound."""
    found = await find_person(tx, person)
    if found is None:
        raise NotFound(person=str(person))
    return found


async def get_people(tx: Tx, people: Collection[UUID]) -> dict[UUID, Person]:
    """Read several people at once, by their id; who is gone is not there."""
    found = await rows(
        tx,
        "select id, email, name, language from person where id = any(%s)",
        (list(people),),
        Person,
    )
    return {person.id: person for person in found}


async def list_staff(tx: Tx, seller: UUID) -> list[Person]:
    """Read who works for a seller, in the order they began."""
    return await rows(
        tx,
        "select id, email, name, language from person where id in"
        " (select person_id from role where role = 'seller' and seller_id = %s) order by id",
        (seller,),
        Person,
    )


async def list_with_role(tx: Tx, market: str, role: str) -> list[Person]:
    """Read who has a role in a market, in the order they began."""
    return await rows(
        tx,
        "select id, email, name, language from person where id in"
        " (select person_id from role where role = %s and market = %s) order by id",
        (role, market),
        Person,
    )


async def find_person_by_email(tx: Tx, email: str) -> Person | None:
    """Read the person with this normal address (see normal_email), or None."""
    return await find(
        tx, "select id, email, name, language from person where email = %s", (email,), Person
    )


async def find_credentials(tx: Tx, email: str) -> Credentials | None:
    """Read what a sign-in with this normal address is checked against, or None."""
    return await find(
        tx, "select id, password_hash from person where email = %s", (email,), Credentials
    )


async def find_signed_in(tx: Tx, token_hash: bytes, market: str, at: datetime) -> SignedIn | None:
    """Read whose session this is and what they are in `market`, or None when it has ended."""
    return await find(
        tx,
        "select person.id, email, name, language,"
        " array(select distinct role from role where person_id = person.id and market = %(market)s)"
        " as roles,"
        " array(select seller_id from role where person_id = person.id and market = %(market)s"
        " and seller_id is not null) as sellers"
        " from session join person on person.id = session.person_id"
        " where token_hash = %(token_hash)s and expires_at > %(at)s",
        {"token_hash": token_hash, "market": market, "at": at},
        SignedIn,
    )


async def list_roles(tx: Tx, person: UUID) -> list[Role]:
    """Read what a person may do, in all markets of the cell."""
    return await rows(
        tx,
        "select role, market, seller_id from role where person_id = %s order by market, role",
        (person,),
        Role,
    )


async def list_sessions(tx: Tx, person: UUID) -> list[Session]:
    """Read where a person is signed in, the latest first."""
    return await rows(
        tx,
        "select token_hash, device, at, expires_at from session"
        " where person_id = %s and expires_at > %s order by at desc",
        (person, now()),
        Session,
    )


async def get_saved_address(tx: Tx, person: UUID) -> Address | None:
    """Read the address that a person let us keep, or None."""
    found = await value(tx, "select address from saved_address where person_id = %s", (person,))
    return None if found is None else msgspec.convert(found, Address)
