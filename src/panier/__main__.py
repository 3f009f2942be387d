"""`python -m panier` is the same as `panier`."""

from panier.cli import app

if __name__ == "__main__":
    app()
