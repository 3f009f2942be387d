"""What panier is measured by, each claim beside its peers in the same run."""
