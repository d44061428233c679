"""All waits of a client: they share one poller, and what it learns.

`_waits` is what the client calls. A wait leaves its `Waiter` (`_places`) with the `_poller`, which keeps a timetable of
what is due, decides by what it costs between looks and a sweep (`_plan`, `_lists`), queues who is to be looked at
(`_line`), and hears from a sweep who goes on and who was passed over (`_order`).
"""

from omics_batch._watcher._places import EagerListener, Listener, Waiter
from omics_batch._watcher._waits import Watcher

__all__ = ["EagerListener", "Listener", "Waiter", "Watcher"]
