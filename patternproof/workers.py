"""How a run is shared out among worker processes."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import pytest

_JUDGED = re.compile(r"::test_\w+\[(\w+)\]$")


class ByPattern:
    """A pytest plugin that gives all that is judged of a pattern to one worker, which so makes its histories once."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Give the scheduler; the judged parts take longest, and stand first in the order of collection."""
        # As below, where workers are not asked for there need be no xdist.
        from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no types

        class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # as above
            def _split_scope(self, nodeid: str) -> str:
                return scope(nodeid)

            def remove_node(self, node: Any) -> str | None:
                # Otherwise the item that killed a worker would be given to the next one, and so on for ever.
                died_in = next((item for unit in self.assigned_work[node].values() for item in unit if not unit[item]), None)
                for unit in self.assigned_work[node].values():
                    unit.update({died_in: True} if died_in in unit else {})
                super().remove_node(node)
                return died_in

            def _reschedule(self, node: Any) -> None:
                # Until it has what it needs: a worker that took over after a crash would wait for a second item for ever.
                left = None
                # A worker that has died takes nothing more; that it has is told by a message of its own, with what it died in.
                with suppress(OSError):
                    while left != len(self.workqueue) and not node.shutting_down:
                        left = len(self.workqueue)
                        super()._reschedule(node)

        config.option.loadscopereorder = False
        return Scheduling(config, log)


def scope(nodeid: str) -> str:
    """The name of what goes to one worker together: a pattern, or the one example."""
    judged = _JUDGED.search(nodeid)
    return judged[1] if judged else nodeid
