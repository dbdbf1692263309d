"""A program on a pseudo-terminal, as a person has it before them."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Seen:
    """What stood on the terminal, with lines ended as programs end them."""

    text: str
    exit_code: int


def run_on_terminal(
    command: Sequence[str], environ: Mapping[str, str], *, columns: int = 80, typed: str = "", asked: str = ""
) -> Seen:
    """Standard input, output and error are one terminal of this width. `typed` is typed once `asked` stands there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(command, env=dict(environ), stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    try:
        while piece := _read(ours):
            seen += piece
            if typed and asked.encode() in seen:
                os.write(ours, typed.encode())
                typed = ""
        return Seen(seen.decode().replace("\r\n", "\n"), process.wait(TIMEOUT_SECONDS))
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError as error:
        if error.errno == errno.EIO:  # Linux's end of file on a pseudo-terminal
            return b""
        raise
