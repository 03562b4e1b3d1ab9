"""Importing an adapter module; whatever goes wrong is its error."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from patternproof.outcome import AdapterError
from patternproof.patterns import PATTERNS

_DOCUMENT = re.compile(r"(?:openapi|swagger)[^/]*$|\.(?:json|ya?ml)$")
"""How the address of an OpenAPI document ends."""


def imported(spec: str) -> ModuleType:
    """The module of a name, or of the path of a file.

    Raises:
        AdapterError: there is none, or it cannot be imported; with the line at fault.
    """
    if not spec.strip():
        raise AdapterError("the adapter's name is empty; give a module's name, or the path of a file")
    if spec.startswith(("http://", "https://")):
        if _DOCUMENT.search(spec):
            return _from_address(spec)
        from patternproof.binding.address import module_at  # the binding is imported only by who has a server

        return module_at(spec)
    is_path = spec.endswith(".py") or "/" in spec or "\\" in spec
    return _from_file(Path(spec)) if is_path else _from_name(spec)


def _from_address(address: str) -> ModuleType:
    """An adapter of a service that only its OpenAPI document is known of."""
    module = ModuleType("patternproof_adapter_of_a_service")
    for pattern in PATTERNS.values():
        if pattern.service:
            vars(module)[pattern.service] = lambda: address
    return module


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise AdapterError(f"{path}: {what}; --adapter takes the path of a Python file, or a module's name")
    path = path.resolve()
    name = f"patternproof_adapter_{path.stem}"
    loaded = sys.modules.get(name)
    if loaded is not None and loaded.__file__ == str(path):
        return loaded
    _find_in(path.parent, Path.cwd())
    with _importing(str(path)):
        return _executed(name, path)


def _find_in(*folders: Path) -> None:
    """Have modules looked for there too; last, since a file may be named as the package that it adapts."""
    for folder in map(str, folders):
        if folder not in sys.path:
            sys.path.append(folder)


def _executed(name: str, path: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        raise AdapterError(f"{path}: no Python file; its name must end in .py")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _from_name(spec: str) -> ModuleType:
    _find_in(Path.cwd())
    with _importing(spec):
        try:
            return importlib.import_module(spec)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{spec}.".startswith(f"{error.name}."):
                raise
            raise AdapterError(
                f"no module named {error.name!r} for --adapter {spec}; it is looked for among the installed packages and in "
                f"{Path.cwd()}{_hidden_by(spec)}; a file is given by its path, ending in .py"
            ) from error


def _hidden_by(spec: str) -> str:
    """Where the package of a name was found, if another one than the team's may have been."""
    package = sys.modules.get(spec.partition(".")[0])
    where = getattr(package, "__file__", None) or next(iter(getattr(package, "__path__", ())), None)
    return f", and {spec.partition('.')[0]!r} was found at {where}" if where else ""


@contextmanager
def _importing(spec: str) -> Iterator[None]:
    """Whatever goes wrong is the adapter's error."""
    try:
        yield
    except (AdapterError, KeyboardInterrupt):
        raise
    except SyntaxError as error:
        place, text = f"{error.filename}:{error.lineno}", (error.text or "").strip()
        raise AdapterError(f"{place}: syntax error in the adapter {spec}: {error.msg}\n    {text}") from error
    except BaseException as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename]
        place = f"{frames[-1].filename}:{frames[-1].lineno}"
        seen = f"{type(error).__name__}: {error}\n    {frames[-1].line}"
        raise AdapterError(f"{place}: the adapter {spec} cannot be imported: {seen}") from error
