"""One answer about odd and faulty implementations, whatever the seed.

The suite draws its examples from one seed, so that a run is the same each time. What the model says of other examples has to be
the same too: here each implementation is driven by the machine from other seeds. An accusation of an odd one, or of a faulty one
beyond what it violates, is a mistake of the model, or the implementation is not what it is taken for.
"""

from __future__ import annotations

import argparse
import logging
import sys

from patternproof import judge
from patternproof.outcome import Outcome, Status
from patternproof.patterns import PATTERNS
from tests.faulty import Faulty
from tests.odd import Odd
from tests.proof import loaded, registries, uncounted


def accusations(stem: str, held: Odd | Faulty, seed: int, profile: str) -> list[Outcome]:
    """What is wrongly said of an implementation by the machine, from one seed."""
    right: frozenset[str] = frozenset(getattr(held, "violates", ()))
    with loaded(stem, held.name, held.made, held.claims) as adapter, uncounted():
        outcomes = judge.run_histories(adapter, stem, profile, None) + judge.run_machine(adapter, stem, profile, seed)
    return [each for each in outcomes if each.status is Status.FAILED and each.requirement not in right]


def tell(*lines: str) -> None:
    """Say something at once: all of it takes minutes."""
    sys.stdout.write("\n  ".join(lines) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Go through the patterns and seeds that are asked for; 1 where anything was said that should not have been."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.seeds", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pattern", action="append", choices=[*PATTERNS], help="only this one; may be repeated")
    parser.add_argument("--seeds", default="1-4", help="from and to, such as 1-4")
    parser.add_argument("--faulty", action="store_true", help="the faulty ones, and not the odd ones")
    parser.add_argument("--profile", default="quick", choices=["quick", "standard", "thorough"])
    asked = parser.parse_args()
    first, _, last = asked.seeds.partition("-")
    held = registries(*("faulty", "FAULTY") if asked.faulty else ("odd", "ODD"))
    wrong = 0
    logging.disable()  # the reference logs the errors of listeners
    for stem in asked.pattern or PATTERNS:
        for each in held.get(stem, []):
            for seed in range(int(first), int(last or first) + 1):
                for said in accusations(stem, each, seed, asked.profile):
                    wrong += 1
                    tell(f"{stem} {each}, seed {seed}: {said.requirement}: {said.message}", *said.history)
        tell(f"{stem}: {len(held.get(stem, []))} implementations, {wrong} wrong so far")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
