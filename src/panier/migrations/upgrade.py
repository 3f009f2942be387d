"""Alembic at work; loaded only when there is something to migrate."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory


def upgrade(dsn: str) -> None:
    """Run all revisions that the database at `dsn` has not seen."""
    config = _config()
    config.attributes["dsn"] = dsn
    command.upgrade(config, "head")


def heads() -> list[str]:
    """List the revisions that no other follows; more than one is a mistake."""
    return list(ScriptDirectory.from_config(_config()).get_heads())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("panier.migrations")))
    return config
