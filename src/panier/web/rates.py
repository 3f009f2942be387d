"""Rates: how often one client may do one thing, counted in this process.

The generic cell rate algorithm (ITU-T I.371, annex A): one moment a key says when it would be
allowed its next request at an even pace; a burst may run ahead of that by the whole allowance.
"""

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from functools import cache, lru_cache
from time import monotonic

from starlette.requests import Request

from panier.kit.errors import TooMany

KEYS_MAX = 100_000
"""Clients remembered at once; the one that was silent longest is forgotten first."""
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
IPV6_PREFIX = 64
"""One subscriber has at least this network for themselves."""


class Rates:
    """When each client may do each thing again."""

    def __init__(self, clock: Callable[[], float] = monotonic, keys_max: int = KEYS_MAX) -> None:
        """Count by `clock` (seconds)."""
        self._clock = clock
        self._max = keys_max
        self._due: OrderedDict[Hashable, float] = OrderedDict()

    def check(self, key: Hashable, rate: str) -> None:
        """Count one request under `key`; raises TooMany with the seconds to wait.

        `rate` is written "10/minute": ten at once, then one more every six seconds.
        """
        amount, period = parse_rate(rate)
        now = self._clock()
        due = max(self._due.get(key, now), now) + period / amount
        if due - now > period + 1e-9:
            raise TooMany(retry_after=math.ceil(due - now - period))
        self._due[key] = due
        self._due.move_to_end(key)
        while len(self._due) > self._max:
            self._due.popitem(last=False)


@cache
def parse_rate(rate: str) -> tuple[int, int]:
    """Return how many in how many seconds: "10/minute" is (10, 60)."""
    amount, _, unit = rate.partition("/")
    return int(amount), SECONDS[unit]


def client_of(request: Request) -> str:
    """Return whom to count: the address, of IPv6 the subscriber's network."""
    return _subscriber(request.client.host if request.client else "")


@lru_cache(maxsize=KEYS_MAX)
def _subscriber(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address) and not address.ipv4_mapped:
        return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
    return host


def check_rate(request: Request, action: str, rate: str, of: str | None = None) -> None:
    """Count one `action` of this client, or of `of` (an account); raises TooMany."""
    rates: Rates = request.app.state.rates
    rates.check((action, of or client_of(request)), rate)


def limit(action: str, rate: str) -> Callable[[Request], Awaitable[None]]:
    """Make a dependency: `Depends(web.limit("sign_in", "10/minute"))`, per client address."""

    async def check(request: Request) -> None:
        check_rate(request, action, rate)

    return check
