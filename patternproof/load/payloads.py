"""Payloads as people write them."""

from __future__ import annotations

from faker import Faker

LOCALES = ("en_US", "de_DE", "ja_JP", "ar_AA")
"""Of names and addresses: what is not ASCII, or is written from right to left, goes over the wire as well."""
MANY = 100


def texts(seed: int) -> list[str]:
    """Names with addresses, line breaks and all; the same for the same seed.

    They are made once, before any request: making one takes longer than many a request.
    """
    faker = Faker(LOCALES)
    faker.seed_instance(seed)
    return [f"{faker.name()}, {faker.address()}" for _ in range(MANY)]
