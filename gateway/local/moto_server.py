"""moto's DynamoDB in a process of its own, on a free port of loopback: `python moto_server.py`

One request at a time: moto has no locks of its own, and its threaded server loses updates (20 threads, transactions on
two items: three runs of four ended with wrong sums). Run by its path, it needs nothing of this project's packages.
"""

from __future__ import annotations

import logging
import sys

HOST = "127.0.0.1"


def main() -> int:
    """Serves until it is killed. The line on stderr says the port, once it listens."""
    from moto.moto_server.werkzeug_app import MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server(HOST, 0, create_backend_app("dynamodb"), threaded=False, request_handler=MotoRequestHandler)
    print(f"moto listening on http://{HOST}:{server.port}", file=sys.stderr, flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
