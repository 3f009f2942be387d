"""What may keep the engines from running, each said so that its reader can mend it."""

from panier.kit.errors import PanierError


class AlreadyRunning(PanierError):
    """Another panier (process %(pid)s) is using %(folder)s; stop it first, or set PANIER_DATA."""

    code, status = "already_running", 409


class FolderForeign(PanierError):
    """The data folder %(folder)s belongs to another user; set PANIER_DATA to one of your own."""

    code, status = "folder_foreign", 403


class FolderUnreachable(PanierError):
    """PostgreSQL never runs as root, and the user %(account)s cannot reach %(folder)s.

    Let others pass through its parent folders (chmod o+x), or set PANIER_DATA to another folder.
    """

    code, status = "folder_unreachable", 403


class EnginesFolderLost(PanierError):
    """%(link)s points to %(folder)s, which is gone: bring it back, or delete the link."""

    code, status = "engines_folder_lost", 503


class EngineMissing(PanierError):
    """%(engine)s is not installed: pip install 'panier[standalone]', or set %(variable)s."""

    code, status = "engine_missing", 503


class EngineFailed(PanierError):
    """%(engine)s does not start (%(reason)s)."""

    code, status = "engine_failed", 503


class DataOfAnotherVersion(PanierError):
    """%(folder)s was written by PostgreSQL %(found)s, this is %(needed)s: dump and restore it."""

    code, status = "data_of_another_version", 503


class RoleFailed(PanierError):
    """The role %(role)s does not start (%(reason)s)."""

    code, status = "role_failed", 503
