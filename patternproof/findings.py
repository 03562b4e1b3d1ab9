"""The histories of one implementation, and what they show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from patternproof.history import History, Hung, Moment
from patternproof.modelling import (
    ACCUSATION,
    RIGHT,
    Model,
    Names,
    cost,
    diagnose,
    explained,
    explains,
    followed,
    necessary,
    occasions,
    successors,
)

MOST_UNEXPLAINED = 3
"""Histories that no diagnosis was found for, after which no more than one deviation is looked for in the next."""
MOST_RECONSIDERED = 5
"""Histories in which what is known holds on some occasions only, after which no other diagnosis is looked for."""
MOST_SEARCHED = 2_000
"""Moments of the histories of which it is asked whether they show what is known."""
MOST_COUNTED = 50
"""Moments of the histories of which it is counted what they exercise; evenly spread, they tell as much as all."""


def _plainness(history: History) -> tuple[int, int, bool]:
    """Fewer events first, then those that come one by one, then those at whose end it still answers."""
    events = sum(len(moment.batch.events) for moment in history)
    return events, -len(history), any(isinstance(moment.seen, Hung) for moment in history)


@dataclass
class Findings:
    """The histories of one implementation and what they show so far."""

    model: Model
    known: Names = RIGHT
    histories: list[History] = field(default_factory=list)
    parted: dict[str, History] = field(default_factory=dict)
    """Unexplained: by requirement, the shortest history that parts from the model."""

    more: list[History] = field(default_factory=list)
    """Histories that a diagnosis does not look at again."""
    unexplained: int = 0
    occasional: int = 0
    given: int = 0
    """How many of the histories were handed on from an earlier way, and speak for nothing in this one."""
    _bases: dict[tuple[int, Names], tuple[History, Names | None]] = field(default_factory=dict)

    def continued(self) -> Findings:
        """Findings for another way, which explains what it sees together with all that was seen before.

        Whatever the separating histories refute cannot be the diagnosis of a later history.
        """
        return Findings(self.model, self.known, list(self.histories), given=len(self.histories))

    def add(self, histories: Iterable[History]) -> None:
        """Count what histories exercise that are known to be explained; a diagnosis does not look at them again."""
        self.more.extend(histories)

    def take(self, histories: Iterable[History]) -> bool:
        """Learn from histories; whether anything new was found."""
        before = (self.known, set(self.parted))
        wrong: list[History] = []
        for history in histories:
            # A history that is right is evidence of no violation, whatever else is known; it only rules out diagnoses.
            (self.histories if explained(self.model, history, RIGHT) == len(history) else wrong).append(history)
        for history in sorted(wrong, key=len):
            if explained(self.model, history, self.known) == len(history):
                self.histories.append(history)
            elif self.explains(history):
                self._reconsider(history)
            else:
                self._explain(history)
        return before != (self.known, set(self.parted))

    def _reconsider(self, history: History) -> None:
        """What holds on some occasions only may be a likeness of what always holds: where that costs no more, it is adopted."""
        self.occasional += 1
        names = None
        if self.occasional <= MOST_RECONSIDERED:
            names = diagnose(self.model, [*self.histories, history], most=cost(self.model, self.known))
        if names is None:
            self.more.append(history)
        else:
            self.histories.append(history)
            self.known = self._pruned(names)

    def explains(self, history: History) -> bool:
        """Whether what is known explains a history.

        What is wrong with an implementation need not show each time: a cancellation loses a slot at one await and not at the
        next. So a history in which known deviations hold on some occasions only says nothing new, nor does one in which
        another way to break the same requirement, of the same aspect, takes the place of one that is known.
        """
        sets = ((self.known,), occasions(self.known), (*occasions(self.known), *self._siblings()))
        return any(explained(self.model, history, *names) == len(history) for names in sets)

    def _siblings(self) -> list[Names]:
        """What is known, with one deviation in turn exchanged for one of its aspect and requirement."""
        deviations = self.model.deviations
        return [
            self.known - {name} | {other.name}
            for name in sorted(self.known)
            for other in deviations.values()
            if other.aspect and other.name not in self.known
            if (other.aspect, other.requirement) == (deviations[name].aspect, deviations[name].requirement)
        ]

    def _explain(self, history: History) -> None:
        every = [*self.histories, history]
        if self.unexplained >= MOST_UNEXPLAINED:
            names = diagnose(self.model, every, self.known, most=1 + ACCUSATION)
        else:
            names = diagnose(self.model, every, self.known)
            # Where what is known cannot be added to, or only broadly, an earlier guess was wrong: all is explained anew.
            if names is None or any(self.model.deviations[name].broad for name in names - self.known):
                names = diagnose(self.model, every) or names
        if names is None:
            self.unexplained += 1
            self._part(history)
        else:
            self.histories.append(history)
            self.known = self._pruned(names)

    def narrow(self) -> None:
        """Let each broad deviation give way to special ones, where these explain as much and accuse of less."""
        for name in sorted(name for name in self.known if self.model.deviations[name].broad):
            others = self.known - {name}
            most = cost(self.model, self.known) - cost(self.model, others) - 1
            histories = [history for history in self.histories if self._explaining(history) == self.known]
            self.known = diagnose(self.model, histories, others, name, most) or self.known

    def weigh(self, rival: Names) -> None:
        """Adopt a rival, told apart by a history that is right, where it explains them all and what is known does not."""
        if cost(self.model, rival) <= cost(self.model, self.known) and explains(self.model, self.histories, rival):
            self.known = self.known if explains(self.model, self.histories, self.known) else rival

    def _pruned(self, names: Names) -> Names:
        """Without what no history needs any more; the general give way to the special."""
        for name in [name for name in reversed(self.model.deviations) if name in names]:
            if explains(self.model, self.histories, names - {name}):
                names = names - {name}
        return names

    def _part(self, history: History) -> None:
        """Blame what is unexplained where it parts, unless what is known shows there: what follows from that, who can tell?"""
        states = list(followed(self.model, history, RIGHT))
        if self.explains(History(history.settings, history.moments[: len(states)])):
            return
        parting = history.moments[len(states) - 1]
        requirement = self.model.blame(states[-1], parting.batch, parting.seen)
        shortest = History(history.settings, history.moments[: len(states)])
        if requirement not in self.parted or len(shortest) < len(self.parted[requirement]):
            self.parted[requirement] = shortest
        self.histories.append(History(history.settings, history.moments[: len(states) - 1]))

    def evidence(self, requirement: str) -> tuple[History, str] | None:
        """The shortest history that shows a violation, and what was expected and seen.

        None where this way showed none; what an earlier way showed in fewer moments is the better evidence.
        """
        guilty = frozenset(name for name in self.known if self.model.deviations[name].requirement == requirement)
        found = guilty and any(self._shows(history, guilty) for history in self._own(MOST_SEARCHED, guilty))
        for history in sorted(self.histories + self.more, key=_plainness) if found else ():
            if not self._shows(history, guilty):
                continue
            needed = necessary(self.model, history, self.known)
            if needed & guilty:
                name = min(needed & guilty)
                return self._cut(history, needed - {name}, self.model.deviations[name].sentence)
        if requirement in self.parted:
            return self._cut(self.parted[requirement], RIGHT, "")
        return None

    def _shows(self, history: History, guilty: Names) -> bool:
        """Whether what is known explains a history, and would not without these deviations."""
        known = self._explaining(history)
        return known == self.known and explained(self.model, history, known - guilty) < len(history)

    def _cut(self, history: History, names: Names, sentence: str) -> tuple[History, str]:
        states = list(followed(self.model, history, names))
        parting = history.moments[len(states) - 1]
        message = f"{sentence}: " if sentence else ""
        message += f"expected {self._expected(states[-1], parting, names)}; seen: {parting.seen}"
        return History(history.settings, history.moments[: len(states)]), message

    def _expected(self, states: Sequence[Any], parting: Moment, names: Names) -> str:
        right = successors(self.model, states, parting.batch, names)
        names = RIGHT  # what else is wrong with it is told elsewhere
        shown = dict.fromkeys(str(self.model.observe(state, names)) for state in right)
        return " or: ".join(islice(shown, 3))

    def exercised(self) -> dict[str, int]:
        """For each requirement, how many histories would have gone otherwise, had it been broken."""
        counts: dict[str, int] = {}
        counted = self._own(MOST_COUNTED)
        for name, deviation in self.model.deviations.items():
            if name not in self.known:
                refuting = sum(self._refutes(history, name) for history in counted)
                counts[deviation.requirement] = counts.get(deviation.requirement, 0) + refuting
        return counts

    def hidden(self) -> list[str]:
        """The deviations that nothing seen so far speaks against, of requirements that hold as far as one knows."""
        violated = set(self.violated())
        return [
            name
            for name, deviation in self.model.deviations.items()
            if deviation.requirement not in violated and not any(self._refutes(history, name) for history in self.histories)
        ]

    def _own(self, most: int, about: Names = RIGHT) -> list[History]:
        """This way's histories: those that were explained one by one, and of the others about so many moments.

        Args:
            most: moments of the others.
            about: of the others only those in which happens what one of these deviations is about; a rare kind of event would
                slip through a sample of all.
        """
        uses = [set(self.model.deviations[name].uses.split()) for name in about] or [set()]
        more = [history for history in self.more if any(self._kinds(history).issuperset(each) for each in uses)]
        return [*self.histories[self.given :], *more[:: 1 + sum(map(len, more)) // most]]

    def _kinds(self, history: History) -> set[str]:
        return {self.model.kind(event) for moment in history for event in moment.batch.events}

    def _refutes(self, history: History, name: str) -> bool:
        deviation = self.model.deviations[name]
        if not self._kinds(history).issuperset(deviation.uses.split()) or not self.model.relevant(deviation, history.settings):
            return False  # without a look: what the deviation is about did not happen
        known = self._explaining(history)
        if known is None:
            return False
        names = known | {name}
        if explained(self.model, history, names) < len(history):
            return True
        if not deviation.broad:
            return False
        observe = self.model.observe
        return any(
            all(observe(state, names) != observe(state, known) for state in states)
            for states in followed(self.model, history, known)
        )

    def _explaining(self, history: History) -> Names | None:
        """What explains a history: what is known, or, since some that are right it does not, nothing at all."""
        key = id(history), self.known
        if key not in self._bases:
            bases = (names for names in (self.known, RIGHT) if explained(self.model, history, names) == len(history))
            self._bases[key] = history, next(bases, None)
        return self._bases[key][1]

    def violated(self) -> list[str]:
        """Ids of the requirements that do not hold."""
        return sorted({self.model.deviations[name].requirement for name in self.known} | set(self.parted))
