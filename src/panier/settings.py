"""Every knob, typed, with its caption and limit; read from PANIER_* in the environment."""

import contextlib
import re
import secrets
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Port = Annotated[int, Field(ge=1, le=65535)]


class Settings(BaseSettings):
    """What an installation may set; each field is the environment variable PANIER_<NAME>."""

    model_config = SettingsConfigDict(
        env_prefix="PANIER_",
        secrets_dir=None,
        extra="ignore",
        hide_input_in_errors=True,  # keys and passwords are among them
    )

    data: Path = Path.home() / ".local/share/panier"
    """The data folder: embedded engines, object store, outgoing mail, secret."""
    cells: Annotated[dict[str, str], NoDecode] = {}
    """External databases: `name=postgresql://…`, several separated by `;`. Empty: embedded."""
    market_cells: Annotated[dict[str, str], NoDecode] = {}
    """Which market lives in which cell: `FR=eu;GB=uk`. Not named: the first cell."""
    nats_url: str = ""
    """External NATS: `nats://host:4222`. Empty: embedded."""
    store: str = ""
    """Object store: `file:///folder`, `s3://bucket`. Empty: a folder under the data folder."""
    mail: str = ""
    """Outgoing mail: `smtp://user:password@host:port`. Empty: a folder under the data folder."""
    mail_from: str = "panier <shop@panier.localhost>"
    """The sender that buyers see and answer, to send goods back too: somebody reads it."""
    secret: str = ""
    """Signs tickets, links and stream keys (32 characters or more). Empty: made once and kept."""

    payments: Literal["sandbox", "stripe"] = "sandbox"
    """The provider of new payments; older ones stay with theirs."""
    stripe_key: SecretStr = SecretStr("")
    """Stripe's secret key (`sk_…`)."""
    stripe_publishable_key: str = ""
    """Stripe's publishable key (`pk_…`), of the same account and mode: pages show it."""
    stripe_webhook_secret: SecretStr = SecretStr("")
    """What Stripe signs its messages with (`whsec_…`); several separated by commas: one for each
    endpoint, and both of one whose secret is being changed."""
    stripe_url: str = ""
    """Where Stripe's API is, for tests against a local one. Empty: Stripe's own address."""
    stripe_js_url: Annotated[str, Field(pattern=r"^https?://[^\s;,'\"]+$")] = (
        "https://js.stripe.com/endive/stripe.js"
    )
    """Where pages load Stripe.js from; another address is for tests against a stand-in."""

    vies_url: Annotated[str, Field(pattern=r"^(https?://[^?#]+)?$")] = (
        "https://ec.europa.eu/taxation_customs/vies/rest-api"
    )
    """Where the EU's register of VAT ids answers. Empty: nobody is asked, all pay VAT."""
    vies_requester: str = ""
    """Our own VAT id (`FR…`): told to the register, which then numbers its answers as evidence."""
    vat_check_days: Annotated[int, Field(ge=1, le=90)] = 7
    """How old an answer of that register may be for a company to buy without VAT."""

    host: str = "127.0.0.1"
    """The address on which the roles listen; `0.0.0.0` for all."""
    web_port: Port = 8400
    """Pages and API."""
    rooms_port: Port = 8401
    """The room's WebSocket."""
    video_port: Port = 8402
    """Playlists and segments."""
    rtmp_port: Port = 1935
    """Encoders publish here."""
    web_url: str = ""
    """The address that browsers use for pages, when a proxy stands in front."""
    rooms_url: str = ""
    """The address that browsers use for the room's WebSocket: `wss://…`."""
    video_url: str = ""
    """The address that browsers use for video: a CDN's, for instance."""
    rtmp_url: str = ""
    """The address that encoders use: `rtmp://live.example/live`."""
    trusted_proxies: str = "127.0.0.1"
    """From whom X-Forwarded-For and -Proto are believed, separated by commas."""

    log: Literal["text", "json"] = "text"
    """How logs are written."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """What is logged."""

    hold_seconds: Annotated[int, Field(ge=30, le=900)] = 480
    """How long a basket holds stock; at most 15 minutes."""
    hold_extension_seconds: Annotated[int, Field(ge=30, le=900)] = 240
    """How much longer a buyer can keep the basket, once."""
    offer_seconds: Annotated[int, Field(ge=30, le=900)] = 120
    """How long a unit that became free is held for the next in line."""
    hold_quantity_max: Annotated[int, Field(ge=1, le=1000)] = 20
    """Units that one buyer may hold of one variant."""
    payment_seconds: Annotated[int, Field(ge=60, le=3600)] = 900
    """How long held stock waits for a payment that was begun."""
    delivered_after_days: Annotated[int, Field(ge=1, le=60)] = 7
    """Days after which a parcel without news counts as delivered, so that settlement goes on."""
    settlement_days: Annotated[int, Field(ge=0, le=60)] = 7
    """Days from an order's delivery until what it earned may be paid out."""
    reserve_basis_points: Annotated[int, Field(ge=0, le=10_000)] = 500
    """What is kept back of a seller's money for longer. Refunds go on for weeks after the first
    payout may be due: 5 % is about what comes back of a sale between its 7th and its 30th day."""
    reserve_days: Annotated[int, Field(ge=0, le=365)] = 30
    """Days from delivery until the reserve is free: 14 to withdraw and 14 to send back, rounded up
    (EU directive 2011/83, articles 9 and 14)."""
    payout_minimum_minor: Annotated[int, Field(ge=1, le=10_000_000)] = 1000
    """Balances below this many minor units wait for the next payout run."""
    tick_ms: Annotated[int, Field(ge=10, le=1000)] = 100
    """A busy room sends one frame in this time."""
    ticket_seconds: Annotated[int, Field(ge=10, le=600)] = 60
    """A room ticket must be used within this time."""
    room_sockets_max: Annotated[int, Field(ge=1)] = 20_000
    """Sockets of one rooms process."""
    session_days: Annotated[int, Field(ge=1, le=90)] = 30
    """A sign-in lasts this long."""
    demo: bool = False
    """Fill an empty installation with the sample shops and keep a sample show on air."""
    audience: Annotated[int, Field(ge=0, le=5000)] = 40
    """Viewers that `make demo` simulates."""

    @field_validator("cells", "market_cells", mode="before")
    @classmethod
    def _pairs(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        parts = [part.partition("=") for part in given.split(";") if part.strip()]
        if any(not sign for _, sign, _ in parts):
            raise ValueError("expected name=value pairs separated by ;")
        return {name.strip(): rest.strip() for name, _, rest in parts}

    @model_validator(mode="after")
    def _stripe_is_whole(self) -> Self:
        """Refuse half a Stripe, or two halves that do not fit, before anybody wants to pay."""
        if self.payments != "stripe":
            return self
        modes = []
        for name, kinds, key in (
            ("PANIER_STRIPE_KEY", "sr", self.stripe_key.get_secret_value()),
            ("PANIER_STRIPE_PUBLISHABLE_KEY", "p", self.stripe_publishable_key),
        ):
            found = re.match(rf"[{kinds}]k_(test|live)_\w", key)
            if not found:
                begin = f"{kinds[0]}k_test_ or {kinds[0]}k_live_"
                raise ValueError(f"PANIER_PAYMENTS=stripe needs {name}, which begins with {begin}")
            modes.append(found[1])
        if modes[0] != modes[1]:
            raise ValueError(
                f"PANIER_STRIPE_KEY is of Stripe's {modes[0]} mode,"
                f" PANIER_STRIPE_PUBLISHABLE_KEY of its {modes[1]} mode: take both of one"
            )
        if not self.stripe_webhook_secrets:
            raise ValueError("PANIER_PAYMENTS=stripe needs PANIER_STRIPE_WEBHOOK_SECRET")
        if modes[0] == "live" and not self.public_web_url.startswith("https:"):
            raise ValueError("Stripe's live mode needs PANIER_WEB_URL, which begins with https://")
        return self

    @property
    def stripe_webhook_secrets(self) -> list[str]:
        """Return every secret by which a message of Stripe may be signed."""
        given = self.stripe_webhook_secret.get_secret_value().split(",")
        return [secret.strip() for secret in given if secret.strip()]

    @property
    def stripe_live(self) -> bool:
        """Tell whether real money moves."""
        return "_live_" in self.stripe_key.get_secret_value()[:8]

    @cached_property
    def signing_secret(self) -> str:
        """Return the secret; made once, readable by its owner only."""
        if self.secret:
            return self.secret
        path = self.data / "secret"
        if not path.exists():
            self.data.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(f".{secrets.token_hex(4)}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(48))
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(draft)
            draft.unlink()
        return path.read_text()

    @property
    def store_url(self) -> str:
        """Return where objects are kept."""
        return self.store or f"file://{self.data.absolute()}/objects"

    @property
    def mail_url(self) -> str:
        """Return where mail goes."""
        return self.mail or f"file://{self.data.absolute()}/mail"

    @property
    def public_web_url(self) -> str:
        """Return the pages' address, without a slash at its end."""
        return (self.web_url or f"http://localhost:{self.web_port}").rstrip("/")

    @property
    def public_rooms_url(self) -> str:
        """Return the room's address, without a slash at its end."""
        return (self.rooms_url or f"ws://localhost:{self.rooms_port}").rstrip("/")

    @property
    def public_video_url(self) -> str:
        """Return the video's address, without a slash at its end."""
        return (self.video_url or f"http://localhost:{self.video_port}").rstrip("/")

    @property
    def public_rtmp_url(self) -> str:
        """Return the encoder's server address."""
        return (self.rtmp_url or f"rtmp://localhost:{self.rtmp_port}/live").rstrip("/")
