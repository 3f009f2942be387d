"""Engines: PostgreSQL and NATS from their wheels, and what keeps them and the roles running.

owns    the folder engines/ of the data folder, panier.lock, addresses.json
says    nothing: it is below the events
hears   nothing
limits  Linux; one panier a data folder; a crash is followed by a start within 10 s of back-off
"""

from panier.engines.errors import (
    AlreadyRunning,
    DataOfAnotherVersion,
    EngineFailed,
    EngineMissing,
    EnginesFolderLost,
    FolderForeign,
    FolderUnreachable,
    RoleFailed,
)
from panier.engines.keeper import Keeper
from panier.engines.notify import tell_alive, tell_ready
from panier.engines.places import private_folder, socket_folder
from panier.engines.ports import free_port
from panier.engines.process import await_exit, end_with_parent, end_with_supervisor
from panier.engines.roles import Role, run_chore
from panier.engines.supervisor import (
    Addresses,
    Engines,
    find_running,
    running,
    stop_all,
    together,
)

__all__ = [
    "Addresses",
    "AlreadyRunning",
    "DataOfAnotherVersion",
    "EngineFailed",
    "EngineMissing",
    "Engines",
    "EnginesFolderLost",
    "FolderForeign",
    "FolderUnreachable",
    "Keeper",
    "Role",
    "RoleFailed",
    "await_exit",
    "end_with_parent",
    "end_with_supervisor",
    "find_running",
    "free_port",
    "private_folder",
    "run_chore",
    "running",
    "socket_folder",
    "stop_all",
    "tell_alive",
    "tell_ready",
    "together",
]
