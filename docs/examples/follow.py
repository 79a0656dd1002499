"""Follow one file to its end: `HOLDFAST_TOKEN=hf_… python follow.py http://127.0.0.1:8000 ID`.

Needs the package `websockets`. It comes back after a cut, and goes on where it was.
"""

import json
import os
import sys
import time
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect

FOR_GOOD = (4400, 4401, 4403, 4404)


def follow(server: str, download_id: str, token: str) -> str:
    """The final status. Raises SystemExit when it is refused."""
    url = f"{server.replace('http', 'ws', 1)}/ws/downloads/{download_id}"
    since, wait = "", 0.5
    while True:
        query = f"?{urlencode({'since': since})}" if since else ""
        try:
            headers = {"Authorization": f"Bearer {token}"}
            with connect(url + query, additional_headers=headers) as socket:
                for text in socket:
                    message = json.loads(text)
                    since = message.get("id", since)
                    if message["type"] != "download_update":
                        continue
                    wait, data = 0.5, message["data"]
                    print(f"{data['progress']:5.1f} %  {data['status']}  {data['title']}")
                    if data["status"] in ("completed", "failed"):
                        return str(data["status"])
        except ConnectionClosed as closed:
            if closed.rcvd and closed.rcvd.code in FOR_GOOD:
                raise SystemExit(closed.rcvd.reason) from closed
        except (OSError, InvalidHandshake) as error:
            print(f"not connected: {error}", file=sys.stderr)
        time.sleep(wait)
        wait = min(wait * 2, 15)


if __name__ == "__main__":
    ended = follow(sys.argv[1].rstrip("/"), sys.argv[2], os.environ["HOLDFAST_TOKEN"])
    sys.exit(ended != "completed")
