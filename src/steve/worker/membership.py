"""The worker's place among the others: its row, its lease, and the loss of either."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from steve.core.registry import Registry
from steve.core.settings import Settings
from steve.database.database import Database
from steve.database.patience import until_there
from steve.operations.maintenance import sweep
from steve.operations.worker import announce_types, register, retire
from steve.telemetry.catalogue import LeaseRenewalFailed, WorkerStarted
from steve.telemetry.telemetry import Telemetry
from steve.worker.identity import introduce
from steve.worker.lane import Lane
from steve.worker.lease import LeaseKeeper


class Membership:
    """A worker's registration and the keeper of its lease.

    `on_dead` is called when others have declared the worker dead, `on_trouble` with what a
    renewal failed with.
    """

    def __init__(
        self,
        database: Database,
        lane: Lane,
        registry: Registry,
        settings: Settings,
        telemetry: Telemetry,
        *,
        channel: str,
        concurrency: int,
        handlers: Callable[[], int],
        on_stop_request: Callable[[], None],
        on_dead: Callable[[], None],
        on_trouble: Callable[[BaseException], None],
    ) -> None:
        self.id = 0
        self._database = database
        self._lane = lane
        self._registry = registry
        self._settings = settings
        self._telemetry = telemetry
        self._channel = channel
        self._concurrency = concurrency
        self._handlers = handlers
        self._on_stop_request = on_stop_request
        self._on_dead = on_dead
        self._on_trouble = on_trouble
        self._keeper: LeaseKeeper | None = None

    @property
    def kept(self) -> bool:
        """Whether somebody is there to renew the lease."""
        return self._keeper is not None and self._keeper.running

    @property
    def overdue(self) -> bool:
        """Whether the jobs have to be thought of as lost: no renewal has come through in time."""
        keeper = self._keeper  # once: threads ask, too
        return keeper is not None and monotonic() >= keeper.deadline

    async def join(self) -> None:
        """Register, for the first time or, after a death, under a new id."""
        await self._stop_keeper()
        types = self._registry.types()
        introduction = introduce(self._settings, self._channel, types, self._concurrency)

        async def registered() -> tuple[float, int]:
            return monotonic(), await self._lane.run(register(introduction))

        granted_at, self.id = await until_there(self._database, registered)
        self._keeper = LeaseKeeper(
            self._database,
            self.id,
            self._settings.lease,
            granted_at,
            handlers=self._handlers,
            on_stop_request=self._on_stop_request,
            on_dead=self._on_dead,
            on_failure=self._renewal_failed,
        )
        self._keeper.start()
        self._telemetry.emit(
            WorkerStarted(
                self.id,
                introduction.name,
                self._concurrency,
                tuple(introduction.queues),
                None if types is None else tuple(types),
            )
        )

    async def announce_types(self) -> None:
        """Tell the others which types are handled here now."""
        await self._lane.run(announce_types(self.id, self._registry.types()))

    async def leave(self) -> None:
        """Retire. The keeper ends first, or a renewal might take the retirement for a loss."""
        await self._stop_keeper()
        await self._lane.run(retire(self.id))
        # Only now can no claim of ours be on its way any more.
        await self._lane.run(sweep([self.id]))

    async def _stop_keeper(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            await keeper.stop()

    def _renewal_failed(self, error: BaseException, left: float) -> None:
        self._telemetry.emit(LeaseRenewalFailed(self.id, error, left))
        self._on_trouble(error)
