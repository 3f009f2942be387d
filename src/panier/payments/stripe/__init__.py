"""Stripe: PaymentIntents, Connect accounts, separate charges and transfers, through its SDK.

The SDK is the extra `panier[stripe]`, loaded when it is first needed. docs/guides/stripe.md says
how to set it up.
"""

from panier.payments.stripe.adapter import NAME, Stripe
from panier.payments.stripe.calls import API_VERSION

__all__ = ["API_VERSION", "NAME", "Stripe"]
