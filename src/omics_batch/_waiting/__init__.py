"""Waits of a client: when to look at a batch, what it means, and what ends a batch on purpose.

`waits` is what the client calls. A wait leaves its `Subscription` (`subscriptions`) with the `poller`, which keeps the
`deadlines`, decides by what it costs between looks and a scan of the lists (`plan`, `cost`), queues the looks
(`look_queue`), and reads from a scan which batches go on and which are missing (`list_order`).
"""
