"""What `sluice dev` prints once it serves: addresses, keys, and a line that works when pasted. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.local.engine import Engine

_MODEL = "amazon.nova-lite-v1:0"


@dataclass(frozen=True, slots=True)
class Instance:
    """A running local instance. `base_url` ends in `/v1`; `bedrock_endpoint` is None for real Bedrock, `console_url`
    where there is no console. `program` is what a shell elsewhere starts this program by."""

    base_url: str
    admin_key: str
    data_dir: Path
    engine: Engine
    bedrock_endpoint: str | None
    serve_env: Mapping[str, str]
    console_url: str | None = None
    program: str = "sluice"


def banner(instance: Instance, api_key: str) -> str:
    """Several lines; the keys stand alone at their ends, to be selected with a double-click."""
    store = f"{instance.engine.name}, kept in {instance.data_dir}"
    if not instance.engine.persistent:
        store = f"{instance.engine.name}, in memory"
    bedrock = f"simulator at {instance.bedrock_endpoint}" if instance.bedrock_endpoint else "Amazon Bedrock (billed)"
    lines = [
        "",
        "  Sluice is ready.",
        "",
        f"  Base URL     {instance.base_url}",
        f"  API key      {api_key}",
        f"  Admin key    {instance.admin_key}",
        *([] if instance.console_url is None else [f"  Console      {instance.console_url}"]),
        f"  Bedrock      {bedrock}",
        f"  DynamoDB     {store}",
        "",
        "  Try it:",
        "",
        f"curl -N {instance.base_url}/chat/completions \\",
        f'  -H "Authorization: Bearer {api_key}" \\',
        '  -H "Content-Type: application/json" \\',
        f"""  -d '{{"model": "{_MODEL}", "stream": true, "messages": [{{"role": "user", "content": "Hello!"}}]}}'""",
        "",
        "  Manage it, in another terminal:",
        "",
        shlex.join([instance.program, "keys", "list", "--data-dir", str(instance.data_dir)]),
        "",
        "  Ctrl-C stops everything.",
        "",
    ]
    if not instance.engine.persistent:
        lines[1:1] = [
            "  " + "!" * 74,
            "  !  VOLATILE: moto keeps everything in memory. Keys and usage are lost when",
            "  !  this stops. dynoxide keeps them: with Node.js on the PATH, the set-up",
            "  !  fetches it (Linux x86-64).",
            "  " + "!" * 74,
            "",
        ]
    return "\n".join(lines)
