"""What to do about an error, worded for Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from omics_batch._errors import Advice, AdviceKind, InvalidInputError, OmicsBatchError

if TYPE_CHECKING:
    from collections.abc import Mapping

E = TypeVar("E", bound=OmicsBatchError)

_K = AdviceKind

_TRANSIENT: Final = "After a transient error, send the same request with the same request_id."

_WORDS: Final[Mapping[AdviceKind, str]] = {
    _K.RENEW_CREDENTIALS: "{step}",
    _K.MAKE_ROOM_IN_QUEUE: "Make fewer calls at once, raise max_rate, or allow more time.",
    _K.CHECK_NETWORK: "Check the network, the region and the endpoint.",
    _K.ALLOW_MORE_TIME: "Try again, or allow more time.",
    _K.CHECK_WHAT_IS_BETWEEN: ("Something between here and the service may have answered in its place; try again."),
    _K.CHECK_ENDPOINT: "Nothing was sent on. Check the endpoint and the proxy: the service never redirects.",
    _K.LOWER_RATE: "The account's quota is shared by all of its clients: lower max_rate, or try again later.",
    _K.TRY_AGAIN: "Try again.",
    _K.TRY_LATER: "Try again in a minute.",
    _K.SEE_SERVICE_HEALTH: "Try again; if this persists, see the AWS Health Dashboard.",
    _K.RAISE_QUOTA: "Raise the quota in Service Quotas, or wait for running work to end.",
    _K.FIX_REQUEST: "Fix the request.",
    _K.CHECK_BATCH: "Check the id, the account and the region.",
    _K.ALLOW_OPERATION: "Allow {operation} in the caller's IAM policy.",
    _K.CHECK_BUCKET: "Check the bucket that settingsUri names, and its region.",
    _K.ALLOW_START: "Starting takes omics:StartRunBatch together with omics:StartRun, and iam:PassRole for the role.",
    _K.WAIT_FOR_STATUS: ("{what} {statuses}, and one cancel or delete runs at a time: check its status (GetBatch)."),
    _K.WAIT_FOR_OTHERS: "Wait until what is under way in the batch has ended.",
    _K.USE_NEW_REQUEST_ID: "Its request_id belongs to another batch: make a request with a new one.",
    _K.SEND_AGAIN: (
        "The batch may have been started: send the same request again, its request_id {request_id} starts it once."
    ),
    _K.NOT_ASKED: "The service has not accepted the request yet: call {call} again, with more time.",
    _K.MAYBE_ASKED: "It is unknown whether the service accepted the request: call {call} again.",
    _K.ASKED: "The service accepted the request: call {call} again to wait for its end.",
    _K.RECORD_LEFT: "The runs of batch {batch_id} are deleted, and its record may not be: call {call} again.",
    _K.RECORD_GONE: (
        "Somebody else deleted the record of batch {batch_id}: it is unknown whether all of its runs are deleted."
    ),
    _K.SEE_RUNS_LEFT: (
        'list_runs_in_batch(..., submission_status="DELETE_FAILED") shows which runs are left, and delete_batch '
        "deletes the record without them."
    ),
    _K.CANCEL_RUNS: ("Runs that it had created may go on: cancel those that list_runs_in_batch shows with CancelRun."),
    _K.FIX_AND_START: f"None of its runs was created: fix this and start a new batch. {_TRANSIENT}",
    _K.LEAVE_OUT_CREATED: (
        "{runs} created and may still run: check list_runs_in_batch, and leave those out of a new batch. "
        f"{_TRANSIENT}"
    ),
    _K.START_ANOTHER: "Fix this, then start the manifest again with attempt={attempt}.",
    _K.START_INCOMPLETE: "Start a new batch with the runs that did not complete.",
    _K.START_FAILED: "Start a new batch with just those runs.",
    _K.CHECK_COMPLETED: "Check which runs completed before you start any of them again.",
    _K.CHECK_OUTPUT: ("How its deleted runs ended is lost: check their output before you start any of them again."),
    _K.WAIT_FOR_END: "Wait until the batch has ended before you start any of them again.",
    _K.LOOK_AGAIN: "Get the batch again in a minute, before you start any run again.",
    _K.WAIT_LONGER: "{standing}: wait for it again, with more time.",
    _K.WAIT_AGAIN: "{standing}: wait for it again.",
    _K.ALLOW_MORE_ATTEMPTS: "Find out why its runs go on failing, or raise max_attempts.",
    _K.GIVE_PARAMETERS: "Give them as parameters, not in default.",
    _K.GIVE_REGION: "Give region_name, or set AWS_DEFAULT_REGION.",
    _K.CHECK_REGION: "Check region_name, AWS_DEFAULT_REGION and the profile's region.",
    _K.CHECK_PROFILE: "Check profile_name, AWS_PROFILE and the AWS configuration files.",
    _K.USE_REGION: "Make a client with region_name={region!r}.",
    _K.USE_HTTPS: "Use https, or allow_http=True if you must.",
}


def in_python(advice: Advice) -> str:
    """Word an advice for those who write Python."""
    return _WORDS[advice.kind].format(**advice.values, **_parts_of(advice.values))


def invalid(problem: str, advice: Advice) -> InvalidInputError:
    """Return an InvalidInputError that says what to do about it."""
    return with_advice(InvalidInputError(worded(problem, advice)), problem, advice)


def with_advice(error: E, problem: str, advice: Advice | None) -> E:
    """Set on an error what happened, without the advice, and the advice as data."""
    vars(error).update(_problem=problem, advice=advice)
    return error


def worded(problem: str, advice: Advice | None) -> str:
    """Write a message: what happened, and what to do about it."""
    return problem if advice is None else f"{problem} {in_python(advice)}"


def _parts_of(values: Mapping[str, str | int]) -> dict[str, str]:
    """Return the parts of the wording that are made from several values, or from none."""
    parts = {"standing": "The batch goes on" if values.get("goes_on") else "It is unknown whether it goes on"}
    if "operation" in values:
        parts["what"] = _ALLOWED.get(str(values["operation"]), "")
    created, total = values.get("created"), values.get("total")
    of_total = f"{total} runs" if total else "runs"
    was = "was" if created == 1 else "were"
    parts["runs"] = "Some of its runs may have been" if created is None else f"{created} of its {of_total} {was}"
    return parts


_ALLOWED: Final = {
    "CancelRunBatch": "A batch is cancelled while it is",
    "DeleteRunBatch": "The runs of a batch are deleted once it is",
    "DeleteBatch": "The record of a batch is deleted once it is",
}
