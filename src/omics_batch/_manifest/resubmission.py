"""Planning a resubmission: the request or manifest for the runs that are worth it. No calls, no clock."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from omics_batch._advice import invalid, with_advice, worded
from omics_batch._errors import Advice, AdviceKind, InvalidInputError, MalformedResponseError, Party
from omics_batch._manifest import rebuilt
from omics_batch._manifest.canonical import canonical
from omics_batch._manifest.document import ManifestDocument
from omics_batch._manifest.lineage import attempt_of, tags_of_rerun
from omics_batch._manifest.manifest import Manifest
from omics_batch._manifest.origin import check_workflow, other_content, other_settings
from omics_batch._manifest.request_id import request_id_of
from omics_batch._manifest.setting_changes import check_size, checked_changes, names_among
from omics_batch._manifest.written_runs import reading_of
from omics_batch._models.batch import Batch  # noqa: TC001 - for those who read the hints
from omics_batch._models.enums import BatchStatus, CacheBehavior, FailureKind
from omics_batch._models.outcome import doubt
from omics_batch._models.remedy import Remedy
from omics_batch._models.request import (
    MOST_INLINE,
    BatchRunSettings,
    InlineSetting,
    StartRunBatchRequest,
)
from omics_batch._models.run import FailedRun  # noqa: TC001 - needed at run time
from omics_batch._words import named, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


_WHY: Final = {
    Remedy.RESUBMIT: "its remedy, RESUBMIT, was not asked for",
    Remedy.WAIT: "a quota is used up",
    Remedy.CHANGE: "it fails again unless its parameters or settings are changed",
    Remedy.FIX: "fix the workflow, the role, the image or the data first",
    Remedy.LOOK: "its reason does not say whether a rerun helps: read the message and the logs",
}


@dataclass(frozen=True, slots=True)
class LeftOutRun:
    """A run that did not succeed, and that a plan does not run again."""

    run: FailedRun
    """The run."""
    why: str
    """Why it is left out."""


@dataclass(frozen=True, slots=True)
class ResubmissionPlan:
    """Which failed runs of a batch run again, and what starts them: nothing was sent yet.

    Up to 100 runs are a `request` for `OmicsBatchClient.start_run_batch`. Any number is a `manifest`
    for `start_manifest`, with the plan's `attempt`.
    """

    batch: Batch
    """The batch whose runs failed."""
    attempt: int
    """Which attempt the new batch is: 2 for the first rerun."""
    runs: tuple[FailedRun, ...]
    """The runs that run again, without what GetRun shows of them (`run`)."""
    left_out: tuple[LeftOutRun, ...]
    """The runs that did not succeed and do not run again, each with the reason."""
    notes: tuple[str, ...]
    """What to know before the start: of the run cache, of quotas, of changed parameters."""
    request: StartRunBatchRequest | None
    """The request that starts these runs; None for no run, or for more than the 100 that a request holds.

    The same failed runs and changes make the same `request_id`: sent twice, it starts one batch.
    """
    _document: ManifestDocument = field(repr=False)
    _settings: tuple[str, ...] = field(repr=False)

    def manifest(self, settings_uri: str | None = None) -> Manifest:
        """Return a manifest of these runs, for any number of them: start it with the plan's `attempt`.

        Args:
            settings_uri: The S3 URI below which the file of their settings goes, needed above 100 runs. None takes the
                one of the manifest that the plan was made from.

        Raises:
            InvalidInputError: There is no run, or no place for the settings of more than 100.
        """
        if not self._settings:
            raise InvalidInputError("no run is planned: there is nothing to start")
        document = self._document
        if settings_uri is not None:
            document = ManifestDocument.model_validate({**dict(document), "settings_uri": settings_uri})
        if document.settings_uri is None and len(self._settings) > MOST_INLINE:
            raise InvalidInputError(
                f"{len(self._settings):,} runs are more than the {MOST_INLINE} that a request holds: give "
                "settings_uri, a place in S3 for the file of their settings"
            )
        return Manifest._of(reading_of(document, self._settings))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - its own kind

    def _repr_html_(self) -> str:
        from omics_batch._html import plan  # noqa: PLC0415 - notebooks alone need it

        return plan(self)


class ResubmissionPlanner:
    """Takes the failed runs of a batch one by one, and plans which of them run again.

    Args:
        request: The request that started the batch, if it is at hand.
        manifest: The manifest that started it, if it is.
        remedies: What runs again.
        default: Changes of the settings that all runs share.
        parameters: Changes of parameters.
        max_attempts: How many attempts there are at most, the first batch included.
        lineage: Whether the new batch is tagged as a rerun.

    Raises:
        InvalidInputError: An argument cannot be right, or a run has no such setting.
    """

    def __init__(
        self,
        *,
        request: StartRunBatchRequest | None,
        manifest: Manifest | None,
        remedies: Collection[Remedy],
        default: Mapping[str, object] | None,
        parameters: Mapping[str, object] | None,
        max_attempts: int,
        lineage: bool,
    ) -> None:
        if request is not None and manifest is not None:
            raise InvalidInputError("give either the request or the manifest that started the batch")
        self._request: StartRunBatchRequest | None = _instance(request, StartRunBatchRequest, "request")
        self._manifest: Manifest | None = _instance(manifest, Manifest, "manifest")
        self._given = self._manifest if self._request is None else self._request
        self._remedies = _remedies(remedies)
        self._changes = checked_changes(default, parameters)
        if isinstance(max_attempts, bool) or not isinstance(max_attempts, int) or max_attempts < 1:  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
            raise InvalidInputError(f"max_attempts is 1 or more, not {max_attempts!r}")
        self._max_attempts = max_attempts
        self._lineage = lineage
        self._failed = 0
        self._cancelled = 0
        self._chosen: dict[str, FailedRun] = {}
        self._rebuilt: dict[str, dict[str, Any]] = {}
        self._left_out: list[LeftOutRun] = []

    def begin(self, batch: Batch) -> None:
        """Take the batch as it stands.

        Raises:
            InvalidInputError: It has not ended, or it FAILED itself, or there were enough attempts, or the request or
                manifest has another workflow.
            MalformedResponseError: Its counts do not show that all runs have ended.
        """
        self._batch = batch
        name = f"batch {one_line(batch.id)}"
        if batch.status == BatchStatus.FAILED:
            reason = one_line(batch.failure_reason or "the service gave no reason").rstrip(".")
            raise InvalidInputError(
                f"{name} itself FAILED: {reason}. Runs that it had created may go on, so there is nothing to resubmit: "
                "fix the reason and start a new batch without those runs. After a transient error, send the same "
                "request with the same request_id"
            )
        if not batch.is_terminal:
            raise InvalidInputError(f"{name} is {one_line(batch.status)}: wait until it has ended, more runs may fail")
        if batch.status == BatchStatus.PROCESSED and not batch.counts_are_final:
            raise _lagging(batch, doubt(batch))
        self._attempt = attempt_of(batch.tags) + 1
        if self._attempt > self._max_attempts:
            raise invalid(
                f"this is attempt {self._attempt} of {self._max_attempts}: {name} is attempt {self._attempt - 1}, by "
                "its tags.",
                Advice(AdviceKind.ALLOW_MORE_ATTEMPTS),
            )
        self._shared = rebuilt.default_of(batch) if self._given is None else self._given.default_run_setting
        self._default = self._changes.default_of(self._shared)
        if self._given is not None:
            check_workflow(self._given.default_run_setting, self._default, batch, self._source)

    def add(self, run: FailedRun) -> None:
        """Take a run that did not succeed."""
        plain = run.model_copy(update={"run": None})
        if run.kind is FailureKind.CANCELLED:
            self._cancelled += 1
        else:
            self._failed += 1
            if run.remedy not in self._remedies:
                self._left_out.append(LeftOutRun(plain, _WHY[run.remedy]))
                return
        if self._has_settings:
            self._chosen[run.run_setting_id] = plain
        elif (shown := run.run) is None or (shown.parameters is None and shown.parameters_uri is not None):
            self._left_out.append(LeftOutRun(plain, self._why_unknown(run)))
        else:
            self._chosen[run.run_setting_id] = plain
            self._rebuilt[run.run_setting_id] = rebuilt.setting_of(run.run_setting_id, shown, self._shared)

    def plan(self) -> ResubmissionPlan:
        """Return the plan, once all runs were taken.

        Raises:
            InvalidInputError: A change cannot be, or the request or manifest is another batch's.
            MalformedResponseError: Fewer runs were listed than the batch counts.
        """
        batch = self._batch
        if self._failed < batch.failed_run_count and not batch.run_summary.deleted_run_count:
            raise _lagging(batch, f"{self._failed} of {batch.failed_run_count} failed runs are listed")
        before = {setting["runSettingId"]: setting for setting in self._settings()}
        missing = [name for name in self._chosen if name not in before]
        if missing and not before:
            raise InvalidInputError(
                f"none of the failed runs of batch {one_line(batch.id)} is in the {self._source}, such as "
                f"{named(missing)}: is it another batch's?"
            )
        self._left_out += [LeftOutRun(self._chosen[name], f"it is not in the {self._source}") for name in missing]
        settings = [self._changes.setting_of(setting) for setting in before.values()]
        for setting in settings:
            check_size(setting, self._default)
        document = ManifestDocument(
            default_run_setting=self._default,
            batch_name=self._name if settings else None,  # which the service may show in a form that it does not take
            tags=tags_of_rerun(self._tags, parent=batch.id, attempt=self._attempt, lineage=self._lineage) or None,
            settings_uri=None if self._manifest is None else _document_of(self._manifest).settings_uri,
            runs={},
        )
        return ResubmissionPlan(
            batch=batch,
            attempt=self._attempt,
            runs=tuple(self._chosen[name] for name in before),
            left_out=tuple(self._left_out),
            notes=tuple(self._notes(before)),
            request=self._inline(document, settings),
            _document=document,
            _settings=tuple(map(canonical, settings)),
        )

    @property
    def _has_settings(self) -> bool:
        """Whether the request or the manifest has the settings of all runs, those that were never started too."""
        if self._request is not None:
            return self._request.batch_run_settings.inline_settings is not None
        return self._manifest is not None

    @property
    def _source(self) -> str:
        return "request" if self._manifest is None else "manifest"

    @property
    def _name(self) -> str | None:
        return self._batch.name if self._given is None else self._given.batch_name

    @property
    def _tags(self) -> Mapping[str, str] | None:
        if self._manifest is not None:
            return _document_of(self._manifest).tags
        return self._batch.tags if self._request is None else self._request.tags

    def _why_unknown(self, run: FailedRun) -> str:
        """Say why the settings of a run are not known."""
        if run.run is not None:
            return "its parameters are in a file (parametersUri), which a batch does not take"
        if run.run_id is not None:
            return "its record is gone, and with it its settings: give the batch's request or manifest"
        uri = None if self._request is None else self._request.batch_run_settings.s3_uri_settings
        where = "" if uri is None else f", they are in {one_line(uri)}"
        what = "manifest" if uri else "request or manifest"
        return f"it was never started, so the service does not show its settings{where}: give the batch's {what}"

    def _settings(self) -> Iterable[dict[str, Any]]:
        """Return the settings of the chosen runs before any change, in an order that is always the same."""
        if not self._has_settings:
            return [self._rebuilt[name] for name in sorted(self._rebuilt)]
        if self._manifest is None:
            request = cast("StartRunBatchRequest", self._request)
            every = request.members()["batchRunSettings"]["inlineSettings"]
        else:
            every = map(json.loads, self._manifest._settings_of_all())  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the same package's
        return [setting for setting in every if setting["runSettingId"] in self._chosen]

    def _inline(self, document: ManifestDocument, settings: list[dict[str, Any]]) -> StartRunBatchRequest | None:
        if not 0 < len(settings) <= MOST_INLINE:
            return None
        runs = BatchRunSettings(inline_settings=[InlineSetting.model_validate(setting) for setting in settings])
        draft = document.request(runs, request_id="draft")
        parent = self._batch.uuid or self._batch.id  # so that a rerun without tags is no other one's
        request_id = request_id_of({**draft.members(), "parent": parent}, self._attempt)
        return draft.model_copy(update={"request_id": request_id})

    def _notes(self, before: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
        if not before:
            return
        if self._given is not None:
            yield from other_settings(self._shared, self._batch, self._source, self._changes)
        if self._manifest is not None:
            yield from other_content(self._manifest, self._batch)
        yield self._cache_note()
        waiting = sum(self._chosen[name].remedy is Remedy.WAIT for name in before)
        if waiting:
            yield f"{waiting:,} of them failed for want of a quota: start them once other runs have ended, or raise it."
        unchanged = sum(self._chosen[name].remedy in {Remedy.CHANGE, Remedy.FIX} for name in before)
        if unchanged and not self._changes:
            yield f"{unchanged:,} of them fail again for the same reason unless it was fixed: no setting is changed."
        known = names_among([self._shared.parameters, *(setting.get("parameters") for setting in before.values())])
        if new := [name for name in self._changes.parameters if name not in known]:
            yield f"No run had the parameter {named(new)} before: check that the workflow takes it."
        if deleted := self._batch.run_summary.deleted_run_count:
            yield f"{deleted:,} runs were deleted, and how they ended is lost: they are not in this plan."
        if self._batch.run_summary.cancelled_run_count and not self._cancelled:
            yield f"{self._batch.run_summary.cancelled_run_count:,} cancelled runs are not in this plan."

    def _cache_note(self) -> str:
        """Say whether finished tasks run again: results in a run cache are there only if the first batch used it."""
        cache, first = self._default.cache_id, self._batch.default_run_setting
        if cache is None:
            return "No run cache: each run starts from its first task."
        if first is None or first.cache_id != cache:
            return f"Run cache {cache} has nothing of the first batch, which did not use it: no task is reused."
        kept = "of failed runs" if first.cache_behavior in {None, CacheBehavior.CACHE_ON_FAILURE} else "of all runs"
        return f"Run cache {cache} has the finished tasks {kept} of the first batch: those do not run again."


def _document_of(manifest: Manifest) -> ManifestDocument:
    return manifest._reading.document  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the same package's


def _remedies(remedies: object) -> frozenset[Remedy]:
    if isinstance(remedies, Collection) and not isinstance(remedies, str):
        given = cast("Collection[object]", remedies)
        if all(isinstance(remedy, Remedy) for remedy in given):
            return frozenset(cast("Collection[Remedy]", given))
    raise InvalidInputError("remedies is a set of Remedy, such as {Remedy.RESUBMIT, Remedy.WAIT}")


def _instance(given: Any, kind: type[Any], name: str) -> Any:  # noqa: ANN401 - whatever a caller gave
    if given is None or isinstance(given, kind):
        return given
    raise InvalidInputError(f"{name} is a {kind.__name__}, not a {type(given).__name__}")


def _lagging(batch: Batch, what: str) -> MalformedResponseError:
    """Return an error that says that the service's counts and lists do not agree: a plan would miss runs."""
    problem = f"batch {one_line(batch.id)}: {what}. A plan of them would not be complete."
    advice = Advice(AdviceKind.TRY_LATER)
    error = with_advice(MalformedResponseError(worded(problem, advice)), problem, advice)
    error.fault, error.batch_id, error.batch = Party.SERVICE, batch.id, batch
    return error
