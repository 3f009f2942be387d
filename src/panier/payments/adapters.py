"""The providers that there are, by name; PANIER_PAYMENTS chooses the one for new payments."""

from collections.abc import Callable, Mapping

from panier.payments import sandbox, stripe
from panier.payments.provider import Provider
from panier.settings import Settings

PROVIDERS: Mapping[str, Callable[[Settings], Provider]] = {
    sandbox.NAME: sandbox.Sandbox,
    stripe.NAME: stripe.Stripe,
}


async def check_setup(settings: Settings) -> list[str]:
    """Ask the provider for new payments what is not set up there; empty is right.

    Raises ProviderAway.
    """
    return await provider_of(settings).check_setup()


def provider_of(settings: Settings, name: str | None = None) -> Provider:
    """Return the provider called `name`, as a payment remembers it; else the one for new ones."""
    return PROVIDERS[name or settings.payments](settings)
