"""Serves the work of an adapter.

``python -m patternproof.load ADAPTER`` says in its first line where it listens, and serves until SIGTERM.
"""

from __future__ import annotations

import logging
import os
import sys

from patternproof.adapter import load
from patternproof.binding.serving import serve
from patternproof.load.server import application
from patternproof.outcome import AdapterError


def _tell(address: str) -> None:
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()


def main(spec: str, host: str = "127.0.0.1", port: str = "0") -> None:
    """Serve, and say where in the first line."""
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        serve(load(spec), host, int(port), _tell, application)
    except AdapterError as error:
        sys.exit(f"patternproof: {error}")
    sys.stdout.flush()
    os._exit(0)  # a thread of granian's may still come back to an interpreter that ends, and would abort


if __name__ == "__main__":
    main(*sys.argv[1:])
