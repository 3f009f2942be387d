"""The port: what panier asks of a payment provider, and the words in which it answers.

Whatever is asked carries a key of ours; the same key again is the same thing, and answers the
same. So after a crash, or after ProviderAway, whoever asked simply asks again.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from panier import web
from panier.kit.cells import Cell
from panier.kit.errors import Conflict, PanierError
from panier.kit.money import Money
from panier.payments.rules import AccountState, RefundState, State, TransferState


class KeyReused(Conflict):
    """This payment key was used before for something else."""

    code = "key_reused"


class TokenRefused(PanierError):
    """The card’s token is unknown, too old or was used before."""

    code, status = "token_refused", 402


class TokenWrong(PanierError):
    """This is not a card’s token of the payment provider in use here; please enter it again."""

    code, status = "token_wrong", 422


class ProviderAway(PanierError):
    """The payment provider cannot be reached; nothing was lost. Please try again in a moment."""

    code, status = "provider_away", 503


class BadSignature(PanierError):
    """This message is not signed by the payment provider, or is too old."""

    code, status = "bad_signature", 401


class WrongMessage(PanierError):
    """This message is signed, but not meant for a shop that is set up like this one."""

    code, status = "wrong_message", 400


class CardForm(msgspec.Struct, frozen=True):
    """What a page needs so that a buyer can enter a card with this provider."""

    provider: str
    url: str
    """Where a typed card becomes a token; a provider whose script asks for cards: the script."""
    key: str | None = None
    """What names us to the provider's script; no secret."""
    excluded: tuple[str, ...] = ()
    """Ways to pay that the provider's script must not offer."""


class Charge(msgspec.Struct, frozen=True):
    """What a buyer pays; the same `key` is charged once."""

    key: UUID
    market: str
    token: str
    amount: Money
    keep: bool
    """Make a lasting token of the card."""
    person: UUID | None = None
    """For whom it is kept."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says about a payment."""

    payment: UUID
    state: State
    reference: str | None = None
    reason: str | None = None
    action_url: str | None = None
    """Where the buyer confirms, in a frame of the page that sells."""
    action_secret: str | None = None
    """With this the provider's script lets the buyer confirm; for nobody but the buyer."""
    kept_token: str | None = None
    brand: str | None = None
    last4: str | None = None
    look_at: datetime | None = None
    """When to ask again, should nothing be heard; empty: never."""


class RefundWanted(msgspec.Struct, frozen=True):
    """A part of a payment, or all of it, that goes back once."""

    key: UUID
    payment: UUID
    reference: str
    """The provider's name for the payment."""
    market: str
    amount: Money


class RefundAnswer(msgspec.Struct, frozen=True):
    """What a provider says about a refund; `requested` while it still works on it."""

    key: UUID
    state: RefundState
    reference: str | None = None
    reason: str | None = None


class NewAccount(msgspec.Struct, frozen=True):
    """Somebody who is to be paid: `owner` is the seller's or the person's id."""

    owner: UUID
    kind: Literal["seller", "creator"]
    market: str
    country: str
    email: str
    name: str


class AccountAnswer(msgspec.Struct, frozen=True):
    """What a provider says about an account."""

    reference: str
    state: AccountState


class TransferWanted(msgspec.Struct, frozen=True):
    """Money for the account `account` (the provider's name for it), moved once."""

    key: UUID
    market: str
    account: str
    amount: Money


class TransferAnswer(msgspec.Struct, frozen=True):
    """What a provider says about a transfer, or about its reversal."""

    key: UUID
    state: TransferState
    reference: str | None = None
    reason: str | None = None


class Reversal(msgspec.Struct, frozen=True):
    """A part of the transfer made under the key `transfer`, or all of it, taken back once."""

    key: UUID
    transfer: UUID
    amount: Money


class DisputeNews(msgspec.Struct, frozen=True):
    """What a provider says about a dispute."""

    reference: str
    payment_reference: str
    amount: Money
    reason: str
    state: Literal["open", "won", "lost"]
    evidence_until: datetime | None = None
    """Until when evidence is taken (UTC)."""


class Evidence(msgspec.Struct, frozen=True):
    """What is told of a disputed sale; an empty text is nothing to tell."""

    product: str
    buyer: str
    email: str
    sent_to: str = ""
    carrier: str = ""
    tracking: str = ""
    sent_on: str = ""
    took_place_on: str = ""
    history: str = ""
    """What became of the sale, in sentences."""
    statement: str = ""
    """What somebody has to say besides."""


class Proof(msgspec.Struct, frozen=True):
    """A file that goes with it: a PDF, PNG or JPEG."""

    what: Literal["receipt", "proof"]
    """What the buyer was told of the sale, or anything else."""
    name: str
    media_type: str
    body: bytes


class Reply(msgspec.Struct, frozen=True):
    """What we answer to a dispute, once: evidence, or where there is none, that we give in."""

    key: UUID
    reference: str
    """The provider's name for the dispute."""
    evidence: Evidence | None
    proofs: tuple[Proof, ...] = ()


class Moved(msgspec.Struct, frozen=True):
    """A payment moved in a way that only its provider can tell for good: it has to be asked."""

    payment: UUID


News = Answer | Moved | RefundAnswer | TransferAnswer | AccountAnswer | DisputeNews


class Heard(msgspec.Struct, frozen=True):
    """A signed message: its id, and what it says that concerns us."""

    message: str
    market: str | None
    """The market's code, where the message names it."""
    news: News | None


class Provider(Protocol):
    """A payment provider. All of these go over its network: never inside a transaction."""

    @property
    def name(self) -> str:
        """Return the name under which payments remember it."""

    def outside(self) -> web.Outside:
        """Say what a page where buyers enter cards may load from elsewhere."""

    def card_form(self, market: str) -> CardForm:
        """Return what such a page of a market (its path, `/fr/`) needs."""

    def check_token(self, token: str) -> None:
        """Refuse what no card form of this provider makes. Raises TokenWrong."""

    async def check_setup(self) -> list[str]:
        """Say in sentences what is not set up there as this shop needs. Raises ProviderAway."""

    async def charge(self, cell: Cell, wanted: Charge) -> Answer:
        """Ask for money. Raises TokenRefused, KeyReused, ProviderAway."""

    async def find_answer(self, cell: Cell, key: UUID, reference: str | None) -> Answer | None:
        """Say how a payment stands; None when it cannot be found: asking again is safe."""

    async def cancel(self, cell: Cell, wanted: Charge) -> Answer:
        """Stop a payment that waits, or that was never asked for (nor can be then).

        Answers how it stands now: one that has succeeded stays so. Raises ProviderAway.
        """

    async def refund(self, cell: Cell, wanted: RefundWanted) -> RefundAnswer:
        """Give money back. Raises KeyReused, ProviderAway; a refusal is an answer."""

    async def forget_token(self, cell: Cell, token: str) -> None:
        """Let a kept card pay no more. Raises ProviderAway."""

    async def open_account(self, cell: Cell, wanted: NewAccount) -> AccountAnswer:
        """Open an account for somebody who is to be paid, once an owner. Raises ProviderAway."""

    async def find_account(self, cell: Cell, reference: str) -> AccountAnswer | None:
        """Say how an account stands. Raises ProviderAway."""

    async def onboarding_url(self, market: str, reference: str, back: str) -> str:
        """Return where an account's details are asked for, and which then leads `back`.

        `back` is an address of ours, whole. Raises ProviderAway.
        """

    async def transfer(self, cell: Cell, wanted: TransferWanted) -> TransferAnswer:
        """Move money to an account. Raises KeyReused, ProviderAway; a refusal is an answer."""

    async def find_transfer(self, cell: Cell, key: UUID) -> TransferAnswer | None:
        """Say how a transfer stands; None when it was never asked for. Raises ProviderAway."""

    async def reverse_transfer(self, cell: Cell, wanted: Reversal) -> TransferAnswer:
        """Take money back from an account. Raises NotFound, KeyReused, ProviderAway."""

    async def answer_dispute(self, cell: Cell, wanted: Reply) -> str | None:
        """Answer a buyer's bank for good; returns why it was not taken.

        The same answer again is taken once. Raises ProviderAway.
        """

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Heard:
        """Check who signed a message and read it. Raises BadSignature."""
