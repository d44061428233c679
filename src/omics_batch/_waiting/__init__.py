"""Waits: when to look at a batch, what its status means, and cancelling and deleting to the end.

`waits` is what the client calls. A wait is a `Subscription` that joins the `poller`. The poller gives what happens to
the `scheduler` as inputs, and runs the `actions` that it answers. The scheduler is pure: `states` has what a batch is
doing and what follows, `cost` decides between looks and a scan of the lists, and `list_order` finds the batches that
a list skips. `policy` says when to look again and what a batch means for a wait, `list_scan` reads the lists, and
`cancel_delete` asks for an end and waits for it.
"""
