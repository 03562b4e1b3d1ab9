"""The event bridge for asyncio."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any

from patternproof.ports.event_bus import Event, Topic, UserAction
from patternproof.ports.migration import Action, Bus, Direct, action_of, event_of

MOST_DONE = 10_000
"""Actions that are remembered after they have taken effect; the oldest are forgotten first."""


class Deed:
    """An action that is under way, or has taken effect.

    Args:
        effect: what makes it take effect; it outlives whoever waits for it.
    """

    def __init__(self, effect: asyncio.Task[Any]) -> None:
        self.effect = effect
        self.announcement: asyncio.Task[None] | None = None
        """What publishes its event; None, where that is still to be done."""
        self.came = False
        """Whether its event has come by the bus already, so that it need not be published."""


class EventBridge:
    """A bridge that has one task for each action, whichever way it comes.

    The effect of an action and its announcement are tasks apart: an action has taken effect as soon as the first has ended, so
    that neither its own event, nor a call that comes again since the bus has refused it, performs it again.

    Args:
        direct: the old way.
        bus: the new one.
    """

    def __init__(self, direct: Direct, bus: Bus) -> None:
        self._direct = direct
        self._bus = bus
        # Changed between two awaits only: nothing else runs meanwhile. Those that have failed are not there any more.
        self._deeds: OrderedDict[str, Deed] = OrderedDict()

    def __repr__(self) -> str:
        done = sum(deed.effect.done() for deed in self._deeds.values())
        return f"<{type(self).__name__} {done} done, {len(self._deeds) - done} under way>"

    async def open(self) -> None:
        """Begin to hear the events of actions."""
        await self._bus.handle((Topic.USER,), self._hear)

    async def perform(self, action: Action) -> Any:
        deed = self._deed(action)
        result = await asyncio.shield(deed.effect)
        if not deed.came:
            await asyncio.shield(self._announcement(deed, action))
        return result

    async def _hear(self, event: Event) -> None:
        if not isinstance(event, UserAction):
            return
        deed = self._deed(action_of(event))
        deed.came = True
        await asyncio.shield(deed.effect)

    def _deed(self, action: Action) -> Deed:
        deed = self._deeds.get(action.id)
        if deed is None:
            deed = self._deeds[action.id] = Deed(asyncio.ensure_future(self._direct.perform(action)))
            deed.effect.add_done_callback(lambda effect: self._ended(action.id, effect))
        return deed

    def _ended(self, identifier: str, effect: asyncio.Task[Any]) -> None:
        if effect.cancelled() or effect.exception() is not None:
            del self._deeds[identifier]
            return
        self._deeds.move_to_end(identifier)
        done = [each for each, deed in self._deeds.items() if deed.effect.done()]
        for oldest in done[: len(done) - MOST_DONE]:
            del self._deeds[oldest]

    def _announcement(self, deed: Deed, action: Action) -> asyncio.Task[None]:
        announcement = deed.announcement
        if announcement is None or (announcement.done() and (announcement.cancelled() or announcement.exception() is not None)):
            announcement = deed.announcement = asyncio.ensure_future(self._bus.publish(event_of(action)))
        return announcement
