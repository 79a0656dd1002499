"""Send recordings: `python recordings.py agent.json FOLDER`, with the package holdfast-agent.

By hand step by step, what lies in a folder by the queue, callbacks, and what to do after an error.
`agent.json` is the agent's configuration.
"""

import json
import sys
import threading
import time
from pathlib import Path

from holdfast_agent import (
    ApiError,
    ApiIntegrationManager,
    AuthenticationError,
    NetworkError,
    RecordingUploadClient,
    ServerError,
    ValidationError,
)


def send_by_hand(client: RecordingUploadClient, video: Path) -> str:
    """One recording without a queue; gives its id on the server."""
    beside = video.with_suffix(".json")
    metadata = json.loads(beside.read_text()) if beside.exists() else {}
    session = client.create_session(
        session_id=video.stem,
        connection_info=metadata.pop("connection_info", {}),
        file_size=video.stat().st_size,
        metadata=metadata,
        file_name=video.name,
    )
    for attempt in range(5):
        try:
            client.upload_file(session, video, progress_callback=show_percent)
            break
        except (NetworkError, ServerError) as error:
            # What arrived is kept there: the next call sends the rest.
            print(f"again in {2**attempt} s: {error.message}")
            time.sleep(2**attempt)
    answer = client.finalize(session)
    while answer["status"] == "finalizing":
        time.sleep(0.5)
        answer = client.get_status(session)
    if answer["status"] != "completed":
        raise SystemExit(f"{video.name}: {answer['error']}")
    return str(answer.get("file_id") or answer["server_file_id"])


def show_percent(percent: float) -> None:
    print(f"  {percent:.0f} %")


def send_what_lies_there(manager: ApiIntegrationManager, folder: Path) -> int:
    """Everything of the last thirty days that was not sent yet; how many failed."""
    ended = threading.Semaphore(0)
    failed = []

    def on_completed(task_id: str, file_id: str) -> None:
        print(f"completed {task_id}: {file_id}")
        ended.release()

    def on_failed(task_id: str, error: str) -> None:
        print(f"failed {task_id}: {error}")
        failed.append(task_id)
        ended.release()

    # From the workers' threads: quick, and safe to be called twice.
    manager.on_upload_started = lambda task_id, name: print(f"started {task_id}: {name}")
    manager.on_upload_completed = on_completed
    manager.on_upload_failed = on_failed
    tasks = manager.upload_older_recordings(folder, max_age_days=30)
    for _task in tasks:
        ended.acquire()
    for task in tasks:
        status = manager.get_upload_status(task)
        print(f"{task}: {status['status']}, {status['retry_count']} retries")
    print("queue:", manager.get_queue_status())
    return len(failed)


def main(configuration: str, folder: Path) -> int:
    manager = ApiIntegrationManager(configuration)
    if not manager.is_initialized:
        print(f"not configured: {manager.why_not}", file=sys.stderr)
        return 2
    try:
        if not manager.upload_client.test_connection():
            return 3
        first = min(folder.glob("*.mp4"))
        print("by hand:", send_by_hand(manager.upload_client, first))
        return send_what_lies_there(manager, folder)
    except AuthenticationError as error:
        print(f"the token is not good: {error.message}", file=sys.stderr)
    except ValidationError as error:
        print(f"refused, and trying again would not help: {error.message}", file=sys.stderr)
    except ApiError as error:
        print(f"not sent: {error.message}", file=sys.stderr)
    finally:
        # What is under way goes on with the next start.
        manager.shutdown()
    return 4


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
