"""Real servers, started from their wheels where none is given."""

from __future__ import annotations

import atexit
import os
import tempfile
from functools import cache

from patternproof.outcome import Unavailable

POSTGRES = "PATTERNPROOF_POSTGRES_URL"


@cache
def postgres_url() -> str:
    """The address that the environment variable gives, or that of a server which lives as long as this process.

    Raises:
        Unavailable: the variable is not set, and pgserver is not installed.
    """
    given = os.environ.get(POSTGRES)
    if given:
        return given
    try:
        import pgserver
    except ImportError as error:
        raise Unavailable(f"PostgreSQL is missing: set {POSTGRES}, or install patternproof[servers]") from error
    folder = tempfile.mkdtemp(prefix="patternproof-postgres-")
    server = pgserver.get_server(folder, cleanup_mode="delete")  # type: ignore[attr-defined]  # exported without saying so
    atexit.register(server.cleanup)  # its own exit handler runs too, and finds nothing left to do
    return str(server.get_uri())
