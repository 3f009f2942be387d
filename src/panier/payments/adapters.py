"""The providers that there are, by name; PANIER_PAYMENTS chooses the one for new payments."""

from collections.abc import Callable, Mapping

from panier.payments import sandbox, stripe
from panier.payments.provider import Provider
from panier.settings import Settings

PROVIDERS: Mapping[str, Callable[[Settings], Provider]] = {
    sandbox.NAME: sandbox.Sandbox,
    stripe.NAME: stripe.Stripe,
}


def provider_of(settings: Settings, name: str | None = None) -> Provider:
    """Return the provider called `name`, as a payment remembers it; else the one for new ones."""
    return PROVIDERS[name or settings.payments](settings)
