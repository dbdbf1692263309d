"""What `run_lambda` starts: the loop, imported while Python's collector of cycles is off. It would look through what is
imported again and again while it comes, and all of that stays: a tenth of a cold start (measured)."""

from __future__ import annotations

import gc
import sys


def main() -> int:
    gc.disable()
    from gateway.lambda_runtime import main as run  # it collects again once the application is built

    return run()


if __name__ == "__main__":
    sys.exit(main())
