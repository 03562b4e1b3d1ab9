"""Exchanging C functions and methods in place.

A name imported with ``from time import sleep`` or kept as a default argument is the same function object as ``time.sleep``, so
the object itself is given other insides; a method of a C type is exchanged in the type's own dictionary. Both need CPython.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import BuiltinFunctionType
from typing import Any

VARARGS_AND_KEYWORDS = 0x0001 | 0x0002


class _MethodDef(ctypes.Structure):
    _fields_ = (
        ("ml_name", ctypes.c_char_p),
        ("ml_meth", ctypes.c_void_p),
        ("ml_flags", ctypes.c_int),
        ("ml_doc", ctypes.c_char_p),
    )


class _BuiltinFunction(ctypes.Structure):
    """CPython's PyCFunctionObject, after the object header of a release build."""

    _fields_ = (
        ("header", ctypes.c_byte * object.__basicsize__),
        ("m_ml", ctypes.POINTER(_MethodDef)),
        ("m_self", ctypes.py_object),
        ("m_module", ctypes.py_object),
        ("m_weakreflist", ctypes.c_void_p),
        ("vectorcall", ctypes.c_void_p),
    )


def _keep(*objects: Any) -> None:
    """Never free what C code points at from now on, not even when the interpreter ends."""
    for each in objects:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(each))


def exchange_function(builtin: Any, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Callable[..., Any]:
    """Let a builtin function run Python code from now on, under whichever name it was imported.

    A builtin function is a C function and the object passed to it first. ``PyObject_Call`` is a C function of the same shape:
    with a Python function as that first object, the builtin calls it, and errors pass through it as they should.

    Args:
        builtin: a function of a C module, such as ``time.sleep``.
        make: is given the original and returns what is to run in its place.

    Returns:
        The original, still callable.

    Raises:
        TypeError: it is no builtin function; somebody else has put another in its place.
    """
    if not isinstance(builtin, BuiltinFunctionType):
        raise TypeError(f"expected a function of a C module, got {builtin!r}: what replaces it must be undone first")
    head = _BuiltinFunction.from_address(id(builtin))
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype, new.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.py_object, ctypes.py_object)
    original: Callable[..., Any] = new(ctypes.cast(head.m_ml, ctypes.c_void_p), head.m_self, builtin.__module__)
    replacement = make(original)
    call = ctypes.cast(ctypes.pythonapi.PyObject_Call, ctypes.c_void_p).value
    method = _MethodDef(head.m_ml.contents.ml_name, call, VARARGS_AND_KEYWORDS, head.m_ml.contents.ml_doc)
    _keep(method, replacement, original)
    head.vectorcall = None  # so that a call takes the general way, which reads what is set below
    head.m_self = replacement
    head.m_ml = ctypes.pointer(method)
    _file_anew(builtin)
    return original


def _file_anew(key: Any) -> None:
    """Let every dictionary find a key again whose hash has changed: a builtin function's is made of its insides."""
    for holder in gc.get_referrers(key):
        if type(holder) is dict and any(each is key for each in holder):
            items = list(holder.items())
            holder.clear()
            holder.update(items)


@contextmanager
def exchanged_methods(kind: type, methods: Mapping[str, Callable[..., Any]]) -> Iterator[None]:
    """Exchange methods of a C type, for a scope; the type has every one of them already."""
    (members,) = gc.get_referents(kind.__dict__)
    originals = {name: members[name] for name in methods}
    try:
        members.update(methods)
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))
        yield
    finally:
        members.update(originals)
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))
