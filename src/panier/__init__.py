"""panier: open, self-hosted live shopping."""
