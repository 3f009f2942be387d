"""Creators: the share of a sale that goes to whoever presented it.

owns    creator_plan
says    nothing: a share is frozen in the order's line by whoever places the order
hears   nothing
limits  1 to 80 % of the commission base, never more than VAT and commission leave of it;
        1000 plans of a seller at once
"""

from panier.creators.actions import answer, create_plan, end_plan
from panier.creators.queries import (
    Shown,
    find_shares,
    list_invitations,
    list_open_plans,
    list_plans,
    lock_plan,
)
from panier.creators.rules import (
    AlreadyAnswered,
    Brought,
    NoSuchHost,
    OwnStaff,
    Plan,
    PlanOver,
    PlanTooEarly,
    Sale,
    Share,
    ShareTooLarge,
    Standing,
    State,
    TooManyPlans,
    find_plan,
    highest_share,
    take_share,
)

__all__ = [
    "AlreadyAnswered",
    "Brought",
    "NoSuchHost",
    "OwnStaff",
    "Plan",
    "PlanOver",
    "PlanTooEarly",
    "Sale",
    "Share",
    "ShareTooLarge",
    "Shown",
    "Standing",
    "State",
    "TooManyPlans",
    "answer",
    "create_plan",
    "end_plan",
    "find_plan",
    "find_shares",
    "highest_share",
    "list_invitations",
    "list_open_plans",
    "list_plans",
    "lock_plan",
    "take_share",
]
