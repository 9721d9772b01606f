"""An MCP server of 2025 in plain Python over stdio, which can misbehave: `mcp_child.py ROWS.json [WAY]`.

It lists what ROWS.json holds, two tools a page, and says so when the file changes. WAY is `endless` (its pages never
end), `hangs` (it connects and then does not answer), or nothing.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

PAGE = 2
POLL = 0.05
WRITING = threading.Lock()


def say(message: dict[str, Any]) -> None:
    """Write a message."""
    with WRITING:
        print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def watch(rows: Path, before: bytes) -> None:
    """Tell when the file is another than before, and die when it is gone."""
    while True:
        time.sleep(POLL)
        if not rows.exists():
            os._exit(3)
        now = rows.read_bytes()
        if now != before:
            before = now
            say({"method": "notifications/tools/list_changed"})


def answer(method: str, cursor: str, rows: Path, way: str) -> dict[str, Any]:
    """Return the result, or error, of a request."""
    if method == "initialize":
        tools = {"listChanged": True}
        info = {"name": "Raw", "version": "1"}
        return {"result": {"protocolVersion": "2025-06-18", "capabilities": {"tools": tools}, "serverInfo": info}}
    if method != "tools/list":
        return {"error": {"code": -32601, "message": "Method not found"}}
    start = int(cursor or 0)
    listed = json.loads(rows.read_text())
    result: dict[str, Any] = {"tools": listed[start : start + PAGE]}
    if way == "endless":
        result["nextCursor"] = "0"
    elif start + PAGE < len(listed):
        result["nextCursor"] = str(start + PAGE)
    return {"result": result}


def main() -> None:
    """Answer until standard input ends."""
    rows, way = Path(sys.argv[1]), "".join(sys.argv[2:])
    # Read here, before anybody is answered who may then change it.
    threading.Thread(target=watch, args=(rows, rows.read_bytes()), daemon=True).start()
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" in asked and not (way == "hangs" and asked["method"] == "tools/list"):
            cursor = (asked.get("params") or {}).get("cursor", "")
            say({"id": asked["id"], **answer(asked["method"], cursor, rows, way)})


if __name__ == "__main__":
    main()
