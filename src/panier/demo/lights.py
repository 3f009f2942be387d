"""The light in which the sample products stand."""

from typing import NamedTuple


class Light(NamedTuple):
    """Colours of a product's backdrop."""

    wall: str
    table: str


LIGHTS = {
    "candle": Light("#d9bfa6", "#b58d6d"),
    "olive-oil": Light("#d5cfae", "#a89a6c"),
    "mug": Light("#cfd0c8", "#98948a"),
    "tote": Light("#d9cbb4", "#a98f72"),
    "scarf": Light("#ddc4bb", "#ab8377"),
    "lamp": Light("#8d7a6b", "#5f4a3d"),
    "hand-cream": Light("#dcdccb", "#aeb096"),
    "chocolate": Light("#d8b9a2", "#8d6350"),
}
"""By product, in the order in which the sample film shows them."""
