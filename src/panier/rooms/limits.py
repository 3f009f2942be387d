"""Token buckets: how much of something may be done at once, and how much each second."""

import ipaddress

IPV6_PREFIX = 64
"""One subscriber has at least this network for themselves."""


class Bucket:
    """Holds up to `burst` tokens and gains `rate` each second, by the caller's clock (seconds)."""

    __slots__ = ("_at", "_tokens")

    def __init__(self, burst: float, moment: float) -> None:
        """Start full."""
        self._tokens = burst
        self._at = moment

    def take(self, moment: float, rate: float, burst: float, amount: float = 1.0) -> bool:
        """Take `amount` if it is there; tells whether it was."""
        self._tokens = min(burst, self._tokens + (moment - self._at) * rate)
        self._at = moment
        if self._tokens < amount:
            return False
        self._tokens -= amount
        return True

    def is_full(self, moment: float, rate: float, burst: float) -> bool:
        """Tell whether nothing was taken for so long that this bucket may be forgotten."""
        return self._tokens + (moment - self._at) * rate >= burst


def subscriber_of(address: str) -> str:
    """Return whom to count for an address: of IPv6, the subscriber's network."""
    try:
        network = ipaddress.ip_network((address, IPV6_PREFIX), strict=False)
    except ValueError:  # no IPv6: an IPv4 address has no such prefix
        return address
    return str(network)
