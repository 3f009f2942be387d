"""Stripe: PaymentIntents, Connect accounts, separate charges and transfers, through its SDK.

The SDK is the extra `panier[stripe]`, loaded when it is first needed. docs/guides/stripe.md says
how to set it up.
"""

from panier.payments.stripe.adapter import API_VERSION, NAME, Stripe

__all__ = ["API_VERSION", "NAME", "Stripe"]
