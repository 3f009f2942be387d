"""What a market is."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec


class Market(msgspec.Struct, frozen=True):
    """A place where we sell."""

    code: str
    """Two capital letters; in addresses in small ones."""
    name: str
    """In its own language."""
    country: str
    """ISO 3166 code: whose VAT holds, how dates are written."""
    currency: str
    """ISO 4217 code."""
    languages: list[str]
    """What pages are offered in; the first unless the reader wishes otherwise."""
    time_zone: str
    """IANA name."""
    stage: str
    """See rules.Stage."""

    @property
    def path(self) -> str:
        """Return its start page's address: /fr/."""
        return f"/{self.code.lower()}/"

    def day(self, moment: datetime) -> date:
        """Return which day its calendar shows at `moment`."""
        return moment.astimezone(ZoneInfo(self.time_zone)).date()
