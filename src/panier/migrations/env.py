"""Alembic's entry: runs revisions over psycopg, one transaction each."""

import psycopg
from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

LOCK_SECONDS_MAX = 5
"""A migration that waits longer for a table gives up instead of holding up the shop."""


def run() -> None:
    """Run the revisions that are asked for, or print them as SQL (`--sql`)."""
    if context.is_offline_mode():
        context.configure(dialect_name="postgresql", literal_binds=True)
        with context.begin_transaction():
            context.run_migrations()
        return
    dsn = context.config.attributes["dsn"]
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), poolclass=NullPool
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(f"set lock_timeout = '{LOCK_SECONDS_MAX}s'")
        connection.commit()
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()


run()
