"""Waits: when to look at a batch, what its status means, and cancelling and deleting to the end.

The client calls `waits`. A wait is a `Subscription` that joins the `poller`. The poller calls the `scheduler` with each
input, and runs the `actions` that it returns. The scheduler is pure: `states` has the states of a batch and their
transitions, `cost` decides between looks and a list scan, and `list_order` finds the batches that a list skips.
`policy` says when to look again and what a batch means for a wait. `list_scan` reads the lists. `cancel_delete`
cancels or deletes a batch, and waits until that is done.
"""
