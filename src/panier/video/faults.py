"""What can be wrong with a stream or a request for one, by name."""

from panier.kit.errors import PanierError


class BadStream(Exception):
    """An encoder sent bytes that RTMP, FLV, H.264 or AAC do not allow; the text says which."""


class UnsupportedCodec(BadStream):
    """An encoder sends a codec that browsers cannot play from here; the text says what to set."""


class PublishRefused(Exception):
    """An encoder may not publish; the text is shown in the encoder."""


class NoPicture(PanierError):
    """There is no picture yet."""

    code, status = "no_picture", 404
