"""What of a Stripe account does not fit the shop yet; asks, and changes nothing."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from panier.kit.i18n import _
from panier.payments.provider import ProviderAway
from panier.payments.stripe import words
from panier.payments.stripe.calls import API_VERSION, Refused, ask
from panier.settings import Settings

EVENTS = frozenset(
    {
        *words.FINAL_EVENTS,
        *words.MOVED_EVENTS,
        "refund.updated",
        "refund.failed",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "account.updated",
    }
)
"""What panier has to be told, by one endpoint or several."""


async def check(v1: Any, settings: Settings) -> list[str]:
    """List what is missing or wrong, in sentences; empty is right. Raises ProviderAway."""
    try:
        account = await ask(v1.accounts.retrieve_current_async())
        hooks = await ask(v1.webhook_endpoints.list_async({"limit": 100}))
        host = urlsplit(settings.public_web_url).hostname or ""
        domains = await ask(v1.payment_method_domains.list_async({"domain_name": host}))
    except Refused as refused:
        raise ProviderAway(code=refused.code) from None
    found = []
    if not account.get("charges_enabled"):
        found.append(_("Stripe does not let this account take payments yet."))
    found += _check_hooks(hooks["data"], settings)
    if not any(domain.get("enabled") for domain in domains["data"]):
        found.append(
            _("%(host)s is no payment method domain: no Apple Pay, no Google Pay.", host=host)
        )
    return found


def _check_hooks(hooks: Sequence[words.Object], settings: Settings) -> Iterator[str]:
    ours = [hook for hook in hooks if _is_ours(hook, settings)]
    if not ours:
        yield _(
            "No enabled webhook endpoint leads to %(url)s/<market>/webhooks/stripe.",
            url=settings.public_web_url,
        )
        return
    for hook in ours:
        if hook.get("api_version") != API_VERSION:
            yield _(
                "The webhook endpoint %(url)s has API version %(version)s and needs %(wanted)s.",
                url=hook["url"], version=hook.get("api_version") or "–", wanted=API_VERSION,
            )  # fmt: skip
    told = {event for hook in ours for event in hook["enabled_events"]}
    missing = [] if "*" in told else sorted(EVENTS - told)
    if missing:
        yield _("No webhook endpoint is told of: %(events)s.", events=", ".join(missing))
    if len(settings.stripe_webhook_secrets) < len(ours):
        yield _(
            "Webhook endpoints: %(ours)s; secrets: %(secrets)s. Each endpoint has its own.",
            ours=len(ours), secrets=len(settings.stripe_webhook_secrets),
        )  # fmt: skip


def _is_ours(hook: words.Object, settings: Settings) -> bool:
    url = str(hook["url"])
    home = f"{settings.public_web_url}/"
    return (
        hook.get("status") == "enabled"
        and url.startswith(home)
        and url.endswith("/webhooks/stripe")
    )
