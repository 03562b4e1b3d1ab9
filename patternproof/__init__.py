"""A conformance kit for integration patterns.

The folders that it is used with (``adapters``, ``doubles``, ``features``, ``reference``, ``scenarios``) stand beside this package
in a checkout and inside it once installed. They have one import name in both: ``patternproof.reference.circuit_breaker``.
"""

from os import path

__all__ = ["__version__"]
__version__ = "0.1.0"

_inside = path.dirname(path.abspath(__file__))
_beside = path.dirname(_inside)
_FOLDERS = ("features", "reference")

if not any(path.isdir(path.join(_inside, name)) for name in _FOLDERS) and all(
    path.isdir(path.join(_beside, name)) for name in _FOLDERS
):
    __path__.append(_beside)
