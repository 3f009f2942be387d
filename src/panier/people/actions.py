"""Signing up, in and out; roles; what a person lets us keep."""

import secrets
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import msgspec
import psycopg.errors
from psycopg.types.json import Jsonb

from panier.kit.cells import Cell
from panier.kit.clock import now
from panier.kit.db import Tx, run
from panier.kit.ids import new_id
from panier.people.passwords import hash_password, is_outdated, verify_password
from panier.people.person import Address
from panier.people.queries import find_credentials
from panier.people.rules import (
    EmailTaken,
    WrongSignIn,
    check_password,
    check_role,
    normal_email,
    normal_name,
)

TOKEN_BYTES = 32
SESSIONS_MAX = 20
"""Sign-ins of one person at once; the oldest end first."""


async def sign_up(cell: Cell, email: str, name: str, password: str, language: str) -> UUID:
    """Make an account; raises EmailTaken, or what is wrong with a field.

    The password is hashed before the transaction begins: no connection waits for it.
    """
    email, name = normal_email(email), normal_name(name)
    check_password(password, email, name)
    password_hash = await hash_password(password)
    return await cell.run(
        lambda tx: create_person(
            tx, email=email, name=name, password_hash=password_hash, language=language
        )
    )


async def create_person(
    tx: Tx, *, email: str, name: str, password_hash: str, language: str
) -> UUID:
    """Write a person with a normal e-mail address; raises EmailTaken."""
    person = new_id()
    try:
        async with tx.transaction():
            await run(
                tx,
                "insert into person (id, email, name, password_hash, language, at)"
                " values (%s, %s, %s, %s, %s, %s)",
                (person, email, name, password_hash, language, now()),
            )
    except psycopg.errors.UniqueViolation:
        raise EmailTaken from None
    return person


async def sign_in(cell: Cell, email: str, password: str) -> UUID:
    """Return whose e-mail address and password these are; raises WrongSignIn, BadEmail.

    An unknown address is answered like a wrong password, after the same work.
    """
    email = normal_email(email)
    async with cell.read() as tx:
        found = await find_credentials(tx, email)
    if not await verify_password(found.password_hash if found else None, password) or not found:
        raise WrongSignIn
    if is_outdated(found.password_hash):
        stronger = await hash_password(password)
        async with cell.tx() as tx:
            await run(
                tx,
                "update person set password_hash = %s where id = %s and password_hash = %s",
                (stronger, found.id, found.password_hash),
            )
    return found.id


async def open_session(tx: Tx, person: UUID, device: str, days: int) -> str:
    """Begin a session of `days` and return its token; only its digest is kept."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    at = now()
    await run(
        tx,
        "insert into session (token_hash, person_id, device, at, expires_at)"
        " values (%s, %s, %s, %s, %s)",
        (digest(token), person, device, at, at + timedelta(days=days)),
    )
    await run(
        tx,
        "delete from session where person_id = %(person)s and (expires_at <= %(at)s or token_hash"
        " not in (select token_hash from session where person_id = %(person)s"
        " order by at desc limit %(most)s))",
        {"person": person, "at": at, "most": SESSIONS_MAX},
    )
    return token


async def sign_out(tx: Tx, token: str) -> None:
    """End one session."""
    await run(tx, "delete from session where token_hash = %s", (digest(token),))


async def sign_out_everywhere(tx: Tx, person: UUID) -> None:
    """End all sessions of a person."""
    await run(tx, "delete from session where person_id = %s", (person,))


def digest(token: str) -> bytes:
    """Return what is kept of a token: 256 random bits need no salt and no slow hash."""
    return sha256(token.encode()).digest()


async def grant_role(
    tx: Tx, person: UUID, role: str, market: str, seller: UUID | None = None
) -> None:
    """Let a person act as `role` in a market ("seller": for that seller); may be repeated."""
    check_role(role, seller is not None)
    await run(
        tx,
        "insert into role (person_id, role, market, seller_id) values (%s, %s, %s, %s)"
        " on conflict do nothing",
        (person, role, market, seller),
    )


async def revoke_role(
    tx: Tx, person: UUID, role: str, market: str, seller: UUID | None = None
) -> None:
    """Take a role back; it ends with the person's next request."""
    await run(
        tx,
        "delete from role where person_id = %s and role = %s and market = %s"
        " and seller_id is not distinct from %s",
        (person, role, market, seller),
    )


async def choose_language(tx: Tx, person: UUID, language: str) -> None:
    """Remember in which language a person reads and gets mail."""
    await run(tx, "update person set language = %s where id = %s", (language, person))


async def save_address(tx: Tx, person: UUID, address: Address) -> None:
    """Keep an address for the next purchase; only with the person's consent."""
    await run(
        tx,
        "insert into saved_address (person_id, address, at) values (%s, %s, %s)"
        " on conflict (person_id) do update set address = excluded.address, at = excluded.at",
        (person, Jsonb(msgspec.to_builtins(address)), now()),
    )


async def forget_address(tx: Tx, person: UUID) -> None:
    """Forget what was kept for the next purchase."""
    await run(tx, "delete from saved_address where person_id = %s", (person,))
