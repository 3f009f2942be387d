"""Whose balance a reader may look at: their sellers', their own, finance everybody's."""

from uuid import UUID

import msgspec

from panier import ledger, people
from panier.kit.db import Tx, find, value
from panier.kit.errors import Forbidden, NotFound
from panier.people import Reader

FINANCE = ("finance",)
"""Who runs payouts and sees all balances of a market; an admin may too."""


class Holder(msgspec.Struct):
    """A seller or creator of the reader's market."""

    kind: str
    id: UUID
    name: str
    language: str
    """In which their statements are printed."""
    country: str
    mine: bool
    """The reader works for them, or is them."""
    currency: str

    @property
    def owner(self) -> ledger.Party:
        """Return who it is, for the books."""
        return ledger.Party(self.kind, self.id, self.currency)

    @property
    def path(self) -> str:
        """Return where their balance is, after the market."""
        return f"balance/{self.kind}/{self.id}"


class _Named(msgspec.Struct):
    name: str
    country: str
    language: str


async def access_holder(tx: Tx, reader: Reader, kind: str, party: UUID) -> Holder:
    """Return a seller or creator whose balance `reader` may see.

    Raises SignInNeeded, Forbidden, NotFound.
    """
    person = people.require(reader)
    if kind == ledger.SELLER:
        people.require_seller(reader, party)
        sql = "select name, country, %s as language from seller where id = %s and market = %s"
        language = reader.market.languages[0]
        found = await find(tx, sql, (language, party, reader.market.code), _Named)
        mine = party in reader.sellers
    elif kind == ledger.CREATOR:
        mine = person.id == party
        if not mine and not people.may(reader.roles, FINANCE):
            raise Forbidden
        sql = "select name, %s as country, language from person where id = %s"
        found = await find(tx, sql, (reader.market.country, party), _Named)
    else:
        raise NotFound
    if found is None:
        raise NotFound
    return Holder(
        kind, party, found.name, found.language, found.country, mine, reader.market.currency
    )


async def list_mine(tx: Tx, reader: Reader) -> list[Holder]:
    """List the balances that are the reader's own: of their sellers, and theirs as a creator."""
    person = people.require(reader)
    mine = [(ledger.SELLER, seller) for seller in sorted(reader.sellers)]
    account = ledger.Party(ledger.CREATOR, person.id, reader.market.currency).owed
    if await value(tx, "select 1 from account where id = %s", (account.id,)):
        mine.append((ledger.CREATOR, person.id))
    return [await access_holder(tx, reader, kind, party) for kind, party in mine]
