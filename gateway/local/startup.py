"""The life of a child process: waits until it listens, keeps its last words for an error message, ends it."""

from __future__ import annotations

import queue
import re
import subprocess
import threading
from collections import deque

_LAST_LINES = 20
_STOP_TIMEOUT_SECONDS = 5.0
_LISTENING = re.compile(r"listening on http://127\.0\.0\.1:(\d+)", re.IGNORECASE)


class ChildNotStarted(Exception):
    """The engine or the simulator ended, did not listen in time, or is not there. The message is for the operator."""


class PortTaken(ChildNotStarted):
    """Somebody else listens on the port the child was given."""


def end(process: subprocess.Popen[str]) -> None:
    """Ends a child: politely first, killed after five seconds."""
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until_listening(process: subprocess.Popen[str], timeout_seconds: float) -> int:
    """The port that the child says it listens on. Its stderr is read, and thrown away, for as long as it lives.

    The child has to have stderr as a pipe, and to write `listening on http://127.0.0.1:<port>` once it does: dynoxide
    and our moto server both write it after listen(2), so no other process can be behind that port.
    Raises ChildNotStarted; the child is then dead, or about to be killed by the caller.
    """
    ports: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    last_lines: deque[str] = deque(maxlen=_LAST_LINES)
    reader = threading.Thread(target=_read, args=(process, ports, last_lines), name="child-stderr", daemon=True)
    reader.start()
    try:
        port = ports.get(timeout=timeout_seconds)
    except queue.Empty:
        raise ChildNotStarted(f"it did not listen within {timeout_seconds:g} s{_quote(last_lines)}") from None
    if port is None:
        status = process.wait()
        words = _quote(last_lines)
        # dynoxide's words, and the standard library's for EADDRINUSE.
        taken = "already in use" in words
        raise (PortTaken if taken else ChildNotStarted)(f"it ended with status {status}{words}")
    return port


def _read(process: subprocess.Popen[str], ports: queue.SimpleQueue[int | None], last_lines: deque[str]) -> None:
    stream = process.stderr
    if stream is None:
        raise ValueError("the child's stderr has to be a pipe")
    with stream:
        for line in stream:
            last_lines.append(line.rstrip())
            match = _LISTENING.search(line)
            if match is not None:
                ports.put(int(match[1]))
    ports.put(None)


def _quote(lines: deque[str]) -> str:
    return ": " + " / ".join(lines) if lines else " without a word"
