"""Letters about payouts: to a seller's staff, or to a creator, when one moves."""

from zoneinfo import ZoneInfo

from panier import events, ledger, markets, people
from panier.kit.clock import now
from panier.kit.db import Tx
from panier.kit.errors import NotFound
from panier.kit.i18n import _, current_language
from panier.payouts.queries import Payout, find_payout
from panier.payouts.rules import State
from panier.payouts.wording import REASONS
from panier.people import Note, Person


async def tell_payout(tx: Tx, event: events.PayoutMoved) -> None:
    """Tell whose money it is how a payout stands, as the event says."""
    payout = await find_payout(tx, event.payout)
    if payout is None:
        raise NotFound
    if payout.kind == ledger.SELLER:
        to = await people.list_staff(tx, payout.party)
    else:
        found = await people.find_person(tx, payout.party)
        to = [found] if found else []
    market = await markets.get_market(tx, payout.market)
    month = f"{now().astimezone(ZoneInfo(market.time_zone)):%Y-%m}"
    page = f"{market.path}balance/{payout.kind}/{payout.party}"

    def write(_person: Person) -> Note:
        subject, said = _words(payout, State(event.state), event.reason)
        stays = event.state == State.FAILED
        return Note(
            subject=subject,
            said=said,
            facts=[
                (_("Amount"), payout.amount.format(current_language())),
                (_("For"), payout.name),
                *([(_("Reference"), payout.reference)] if payout.reference else []),
            ],
            link=(
                (_("See the balance"), page)
                if stays
                else (_("See the statement"), f"{page}/{month}")
            ),
            why=_("You get this mail because money of yours moves."),
        )

    await people.write_to(tx, payout.market, to, write)


def _words(payout: Payout, state: State, reason: str | None) -> tuple[str, list[str]]:
    amount = payout.amount.format(current_language())
    if state == State.SENT:
        return _("%(amount)s is on its way to you", amount=amount), [
            _("We have handed your payout to the payment provider."),
            _("We write to you again when it is there, or if it is not."),
        ]
    if state == State.PAID:
        return _("%(amount)s has been paid to you", amount=amount), [
            _("Your payout has reached your account at the payment provider."),
            _("Your bank may take some days to show it."),
        ]
    why = [_(REASONS.get(reason, reason))] if reason else []
    if state == State.FAILED:
        return _("Your payout of %(amount)s did not go through", amount=amount), [
            _("The payment provider did not pay it. Nothing is lost."),
            *why,
            _("Please look at your account’s details; our finance team tries again or puts the"
              " amount back into your balance."),
        ]  # fmt: skip
    return _("Your payout of %(amount)s came back", amount=amount), [
        _("It did not reach you, and is in your balance again."),
        *why,
        _("It is paid with the next payout."),
    ]
