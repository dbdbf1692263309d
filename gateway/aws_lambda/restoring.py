"""SnapStart: the environment is frozen once it is built, and thawed many times.

What was random before the snapshot is the same in every copy, and what was connected then is connected no more. So the
application is built before it, which opens nothing, and started after it.
"""

from __future__ import annotations

import random
import ssl
from collections.abc import Callable, Mapping

from gateway.aws_lambda.runtime_api import RuntimeApi

_SEED_BYTES = 64


def is_snapshot(environ: Mapping[str, str]) -> bool:
    """Whether this environment is to be frozen as a snapshot."""
    return environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start"


async def wait_for_restore(api: RuntimeApi, randomness: Callable[[int], bytes]) -> None:
    """Have the snapshot taken, and go on as one of its copies, with randomness of its own. Raises as RuntimeApi."""
    await api.wait_for_restore()
    random.seed(randomness(_SEED_BYTES))
    # The kernel knows that it was cloned; OpenSSL's own generator need not.
    ssl.RAND_add(randomness(_SEED_BYTES), _SEED_BYTES)
