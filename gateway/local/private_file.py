"""Writes a file that holds secrets."""

from __future__ import annotations

import os
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write or replace the file: whole or not at all, for this user alone, on the disk on return.

    The draft lies beside it as `<name>.new`; to keep two from writing at once is the caller's part. Raises OSError.
    """
    draft = path.with_name(path.name + ".new")
    # Made anew: a draft that somebody else had put there would keep its mode, or lead elsewhere as a link.
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)
