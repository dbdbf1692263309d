"""Why a migration stops. Messages are for the operator."""

from __future__ import annotations

from collections.abc import Sequence


class MigrationError(Exception):
    """Base of all that stops a migration. What was done until then stays, and running again goes on from there."""


class TableMismatch(MigrationError):
    """A table is not what it has to be, and is not ours to alter, or not to be altered at all.

    The message has one line for each difference.
    """

    def __init__(self, differences: Sequence[str]) -> None:
        super().__init__("\n".join(differences))


class TableNotReady(MigrationError):
    """A table did not become ACTIVE, or its backups available, in time."""


class ChecksumMismatch(MigrationError):
    """A step that is done is not the step that ran: its source was edited since."""

    def __init__(self, version: str, recorded: str, found: str) -> None:
        super().__init__(
            f"Migration {version} was edited after it ran: its recorded checksum is {recorded}, now it is {found}. "
            "Restore its source, and put the change into a new migration."
        )


class LockHeld(MigrationError):
    """Another runner has had the lock for longer than we wait."""

    def __init__(self, owner_id: str, seconds_left: float) -> None:
        super().__init__(
            f"Another migration is running: {owner_id} holds the lock, and its lease ends in {seconds_left:.0f} s "
            "unless it is renewed."
        )
        self.owner_id = owner_id


class LeaseLost(MigrationError):
    """Another runner has taken the lock over; what we wanted to record was refused."""
