"""Demo: sample shops, their pictures and film, a host who presents it, and an audience.

owns    nothing: it fills tables through the front doors and acts through the public addresses
says    nothing
hears   nothing
limits  the sample markets and products of data.toml; one sample show on air a market
"""

from panier.demo.audience import run_audience as serve_audience
from panier.demo.data import read_sample
from panier.demo.presenter import serve_film
from panier.demo.seed import PASSWORD, seed

SIGN_INS = [
    person.email for sample in read_sample().market.values() for person in sample.people.values()
]
"""Whom a visitor of the sample shops may sign in as, with `PASSWORD`."""

__all__ = ["PASSWORD", "SIGN_INS", "seed", "serve_audience", "serve_film"]
