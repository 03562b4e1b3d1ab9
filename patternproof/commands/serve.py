"""``patternproof serve``: an adapter behind the HTTP binding."""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn

from patternproof.adapter import load
from patternproof.binding.messages import PATTERNS
from patternproof.console import PlainConsole
from patternproof.outcome import AdapterError
from patternproof.verdict import Exit


def serve(spec: str, host: str, port: int) -> NoReturn:
    """Serve an adapter until SIGTERM or Ctrl-C, and end the process.

    Raises:
        AdapterError: it cannot be loaded or has nothing that the binding has, the address cannot be had, or the server's
            libraries are missing.
    """
    adapter = load(spec)
    adapter.versions()
    served = [stem for stem in adapter.offered if stem in PATTERNS]
    if not served:
        raise AdapterError(f"{spec}: offers {', '.join(adapter.offered)}; the binding has {', '.join(PATTERNS)}")
    try:
        from patternproof.binding.serving import serve as until_told  # what it needs comes with an extra
    except ImportError as error:
        raise AdapterError(f"serving needs {error.name}: pip install 'patternproof[http]'") from error
    # What it logs while its calls are made to fail says nothing, and takes longer than the calls.
    logging.getLogger().addHandler(logging.NullHandler())
    console = PlainConsole(highlight=False, soft_wrap=True)

    def ready(address: str) -> None:
        console.print(f"serving {', '.join(served)} of {adapter.name} at {address}; Ctrl-C stops it", markup=False)
        console.print(f"    patternproof run --adapter {address}", markup=False)

    until_told(adapter, host, port, ready)
    sys.stdout.flush()
    os._exit(Exit.CONFORMANT)  # a thread of granian's may still come back to an interpreter that ends, and would abort
