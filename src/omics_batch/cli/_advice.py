"""What to do about an error, worded for the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from omics_batch import AdviceKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omics_batch import Advice

_K = AdviceKind

_WORDS: Final[Mapping[AdviceKind, str]] = {
    _K.RENEW_CREDENTIALS: "{step}",
    _K.MAKE_ROOM_IN_QUEUE: "Give a longer --timeout, or fewer batches at once.",
    _K.CHECK_NETWORK: "Check the network, the region and the endpoint.",
    _K.ALLOW_MORE_TIME: "Try again, or allow more time.",
    _K.CHECK_WHAT_IS_BETWEEN: "Something between here and the service may have answered in its place; try again.",
    _K.CHECK_ENDPOINT: "Nothing was sent on. Check the endpoint and the proxy: the service never redirects.",
    _K.LOWER_RATE: "The account's quota is shared by all of its clients: try again later.",
    _K.TRY_AGAIN: "Try again.",
    _K.TRY_LATER: "Try again in a minute.",
    _K.SEE_SERVICE_HEALTH: "Try again; if this persists, see the AWS Health Dashboard.",
    _K.RAISE_QUOTA: "Raise the quota in Service Quotas, or wait for running work to end.",
    _K.FIX_REQUEST: "Fix the request.",
    _K.CHECK_BATCH: "Check the id, the account and the region.",
    _K.ALLOW_OPERATION: "Allow {operation} in the caller's IAM policy.",
    _K.CHECK_BUCKET: "Check the bucket that settingsUri names, and its region.",
    _K.ALLOW_START: "Starting takes omics:StartRunBatch together with omics:StartRun, and iam:PassRole for the role.",
    _K.WAIT_FOR_STATUS: "{what} {statuses}, and one cancel or delete runs at a time.",
    _K.WAIT_FOR_OTHERS: "Wait until what is under way in the batch has ended.",
    _K.USE_NEW_REQUEST_ID: "Its requestId belongs to another batch: give a new one with --request-id.",
    _K.SEND_AGAIN: "The batch may have been started.",
    _K.NOT_ASKED: "The service has not accepted the request yet: run the same command again, with more time.",
    _K.MAYBE_ASKED: "It is unknown whether the service accepted the request: run the same command again.",
    _K.ASKED: "The service accepted the request: run the same command again to wait for its end.",
    _K.RECORD_LEFT: "The runs of batch {batch_id} are deleted, and its record may not be: run the same command again.",
    _K.RECORD_GONE: (
        "Somebody else deleted the record of batch {batch_id}: whether all of its runs are deleted cannot be found out."
    ),
    _K.SEE_RUNS_LEFT: "List the runs that are left, or delete the record without them.",
    _K.CANCEL_RUNS: "Runs that it had created may still run.",
    _K.FIX_AND_START: "Fix this and start a new batch.",
    _K.LEAVE_OUT_CREATED: "Runs that it had created may still run: leave those out of a new batch.",
    _K.START_ANOTHER: "Fix this, then start it again with --again.",
    _K.START_INCOMPLETE: "Start a new batch with the runs that did not complete.",
    _K.START_FAILED: "Start a new batch with just those runs.",
    _K.CHECK_COMPLETED: "Check which runs completed before you start any of them again.",
    _K.CHECK_OUTPUT: "How its deleted runs ended is lost: check their output before you start any of them again.",
    _K.WAIT_FOR_END: "Wait until the batch has ended before you start any of them again.",
    _K.LOOK_AGAIN: "Get the batch again in a minute, before you start any run again.",
    _K.WAIT_LONGER: "{standing}.",
    _K.WAIT_AGAIN: "{standing}.",
    _K.ALLOW_MORE_ATTEMPTS: "Find out why its runs go on failing, or give a higher --max-attempts.",
    _K.GIVE_PARAMETERS: "Give --set parameters.NAME=VALUE.",
    _K.GIVE_REGION: "Give --region, or set AWS_DEFAULT_REGION.",
    _K.CHECK_REGION: "Check --region, AWS_DEFAULT_REGION and the profile's region.",
    _K.CHECK_PROFILE: "Check --profile, AWS_PROFILE and the AWS configuration files.",
    _K.USE_REGION: "Give --region {region}.",
    _K.USE_HTTPS: "Use https, or --allow-http if you must.",
}

_ALLOWED: Final = {
    "CancelRunBatch": "A batch is cancelled while it is",
    "DeleteRunBatch": "The runs of a batch are deleted once it is",
    "DeleteBatch": "The record of a batch is deleted once it is",
}


def in_commands(advice: Advice) -> str:
    """Word an advice for those who type commands."""
    values = advice.values
    if "run" in values:
        return f"{values['run']} is the id of a run{values['of_batch']}: give the batch's id."
    standing = "The batch goes on" if values.get("goes_on") else "Whether the batch goes on is not known"
    what = _ALLOWED.get(str(values.get("operation")), "")
    return _WORDS[advice.kind].format(**values, standing=standing, what=what)
