"""Whose requirement it is that an example stumbled over."""

from __future__ import annotations

from patternproof.adapter import Adapter
from patternproof.history import History
from patternproof.modelling import RIGHT, Model, Names, diagnose, explained, followed, necessary


def culprits(adapter: Adapter, stem: str, history: History, requirement: str) -> list[str]:
    """The requirements that a history breaks; none where all of it is right.

    One defect shows in the examples of many requirements, and one history may have several explanations. What the separating
    histories found goes first, since it is sure; then the requirement that the example was written for; then any other.

    Args:
        adapter: what is held against the requirements.
        stem: of the pattern.
        history: what an example did and saw.
        requirement: the id of the example's own.
    """
    if adapter.runtime == "live":
        return []  # no model can follow where time passes at every step
    from patternproof.judge import subject  # it takes Hypothesis along: only a failure pays

    held = subject(adapter, stem)
    names = _explaining(held.model, history, held.findings.known, requirement)
    if names is None:
        return [_parting(held.model, history, held.findings.known)]
    return sorted({held.model.deviations[name].requirement for name in necessary(held.model, history, names)})


def _explaining(model: Model, history: History, known: Names, requirement: str) -> Names | None:
    guilty = {model.deviations[name].requirement for name in known}
    # Another deviation of a guilty requirement before one of the example's own: the one known may be a likeness only.
    likely = [*_singles(model, guilty), *_singles(model, {requirement})]
    for names in (known, *likely, *(known | each for each in likely)):
        if explained(model, history, names) == len(history):
            return names
    names = diagnose(model, [history], known) or diagnose(model, [history]) or RIGHT
    # The separating histories would have found a broad deviation; this one history fits it by chance.
    surprising = {name for name in names - known if model.deviations[name].broad}
    return names if names and not surprising else None


def _singles(model: Model, requirements: set[str]) -> list[Names]:
    # A broad deviation explains too much to be taken without a search for a better one.
    return [frozenset({each.name}) for each in model.deviations.values() if each.requirement in requirements and not each.broad]


def _parting(model: Model, history: History, known: Names) -> str:
    names = max((known, RIGHT), key=lambda names: explained(model, history, names))  # what is known may not be all of it
    states = list(followed(model, history, names))
    moment = history.moments[len(states) - 1]
    return model.blame(states[-1], moment.batch, moment.seen)
