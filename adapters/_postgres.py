"""The address of a PostgreSQL server, started where needed."""

from __future__ import annotations

import atexit
import os
import tempfile
from functools import cache

VARIABLE = "PATTERNPROOF_POSTGRES_URL"


@cache
def postgres_url() -> str:
    """The address that the environment variable gives, or that of a server which lives as long as this process.

    Raises:
        ImportError: the variable is not set, and pgserver is not installed.
    """
    given = os.environ.get(VARIABLE)
    if given:
        return given
    import pgserver

    folder = tempfile.mkdtemp(prefix="patternproof-postgres-")
    server = pgserver.get_server(folder, cleanup_mode="delete")  # type: ignore[attr-defined]  # exported without saying so
    atexit.register(server.cleanup)  # its own exit handler runs too, and finds nothing left to do
    return str(server.get_uri())
