"""The words of balances, payouts and statements, in the reader's language."""

from panier import ledger
from panier.kit.i18n import N_
from panier.payouts.rules import State
from panier.payouts.runs import NO_ACCOUNT, TOO_LITTLE
from panier.payouts.sending import AWAY

STATES = {
    State.DRAFT: N_("Proposed"),
    State.DROPPED: N_("Left out"),
    State.APPROVED: N_("Being sent"),
    State.SENT: N_("With the provider"),
    State.PAID: N_("Paid out"),
    State.FAILED: N_("Failed"),
    State.RETURNED: N_("Back in the balance"),
}
BADGES = {
    State.DRAFT: "badge",
    State.DROPPED: "badge",
    State.APPROVED: "badge-warn",
    State.SENT: "badge-warn",
    State.PAID: "badge-good",
    State.FAILED: "badge-bad",
    State.RETURNED: "badge-bad",
}
RUN_STATES = {
    "draft": N_("Waits for approval"),
    "approved": N_("Approved"),
    "dropped": N_("Dropped"),
}
RUN_BADGES = {"draft": "badge-warn", "approved": "badge-good", "dropped": "badge"}
REASONS = {
    AWAY: N_("The provider did not answer."),
    TOO_LITTLE: N_("The balance was no longer large enough."),
    NO_ACCOUNT: N_("There is no account that can be paid."),
    "account_missing": N_("There is no account that can be paid."),
    "account_restricted": N_("The provider wants more details before it pays this account."),
    "account_closed": N_("The account is closed."),
    "balance_too_low": N_("There is not enough money at the provider yet."),
}
"""Why a payout did not go through; what a provider says otherwise is shown as it is."""
KINDS = {ledger.SELLER: N_("Seller"), ledger.CREATOR: N_("Creator")}
MOVES = {
    ledger.SALE: N_("Difference to the lines"),
    ledger.REFUND: N_("Refund"),
    ledger.DISPUTE_LOST: N_("Taken back by the buyer’s bank"),
    ledger.RELEASE: N_("Became due"),
    ledger.PAYOUT_BEGUN: N_("Payout"),
    ledger.PAYOUT_RETURNED: N_("Payout that failed"),
    ledger.PAYOUT_UNDONE: N_("Payout that the bank sent back"),
}
"""What a posting is called in a statement; another one is a correction."""
CORRECTION = N_("Correction")
ACCOUNT_STATES = {
    "pending": N_("The provider wants more details before it pays this account."),
    "active": N_("Ready to be paid."),
    "restricted": N_("The provider pays nothing to this account at the moment."),
}
