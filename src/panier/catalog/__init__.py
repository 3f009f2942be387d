"""Catalogue: what can be sold, by whom, for how much, in which words and pictures.

owns    seller, product, variant, price, price_spell
says    nothing yet: a price is read when it is needed
hears   nothing
limits  50 variants a product; pictures of at most 10 MB and 40 million pixels;
        a seller's tier is known within 5 seconds of its change by every process
"""

from panier.catalog.actions import (
    NewVariant,
    create_product,
    create_seller,
    set_image,
    set_price,
)
from panier.catalog.history import (
    Spell,
    end_spell,
    list_history,
    lowest_prior_prices,
    note_spell,
)
from panier.catalog.pictures import keep_image
from panier.catalog.prices import get_unit_price
from panier.catalog.queries import (
    Offer,
    Product,
    Seller,
    SellerName,
    Variant,
    find_offers,
    find_product_id,
    find_product_of,
    find_products,
    find_seller,
    get_product,
    get_seller,
    get_unit_price_at,
    list_products,
    list_products_of,
    list_sellers,
    list_sellers_of,
    list_variants,
)
from panier.catalog.rules import (
    BadPicture,
    CurrencyRefused,
    FalseReduction,
    NothingToReduce,
    SkuTaken,
    SlugTaken,
    TooManyPixels,
    check_reduction,
    image_url,
    tier_on,
)
from panier.catalog.tiers import list_tiers, set_tier

__all__ = [
    "BadPicture",
    "CurrencyRefused",
    "FalseReduction",
    "NewVariant",
    "NothingToReduce",
    "Offer",
    "Product",
    "Seller",
    "SellerName",
    "SkuTaken",
    "SlugTaken",
    "Spell",
    "TooManyPixels",
    "Variant",
    "check_reduction",
    "create_product",
    "create_seller",
    "end_spell",
    "find_offers",
    "find_product_id",
    "find_product_of",
    "find_products",
    "find_seller",
    "get_product",
    "get_seller",
    "get_unit_price",
    "get_unit_price_at",
    "image_url",
    "keep_image",
    "list_history",
    "list_products",
    "list_products_of",
    "list_sellers",
    "list_sellers_of",
    "list_tiers",
    "list_variants",
    "lowest_prior_prices",
    "note_spell",
    "set_image",
    "set_price",
    "set_tier",
    "tier_on",
]
