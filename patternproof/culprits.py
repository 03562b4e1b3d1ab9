"""Whose requirement it is that an example stumbled over."""

from __future__ import annotations

from patternproof.adapter import Adapter
from patternproof.history import History
from patternproof.modelling import Model, Names, diagnose, explained, followed, necessary


def culprits(adapter: Adapter, stem: str, history: History) -> list[str]:
    """The requirements that a history breaks; none where all of it is right.

    One defect shows in the examples of many requirements. What the separating histories found is taken first: it is sure, while
    a single history may have several explanations.

    Args:
        adapter: what is held against the requirements.
        stem: of the pattern.
        history: what an example did and saw.
    """
    from patternproof.judge import subject  # it takes Hypothesis along: only a failure pays

    held = subject(adapter, stem)
    names = _explaining(held.model, history, held.findings.known)
    if names is None:
        return [_parting(held.model, history, held.findings.known)]
    return sorted({held.model.deviations[name].requirement for name in necessary(held.model, history, names)})


def _explaining(model: Model, history: History, known: Names) -> Names | None:
    if explained(model, history, known) == len(history):
        return known
    return diagnose(model, [history], known) or diagnose(model, [history])


def _parting(model: Model, history: History, known: Names) -> str:
    states = list(followed(model, history, known))
    moment = history.moments[len(states) - 1]
    return model.blame(states[-1], moment.batch, moment.seen)
