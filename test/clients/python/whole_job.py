"""The whole job that a client is used for, the same for every client; prints the results as JSON."""

import json
import os
import time


class Refused(Exception):
    """A rejected request, with the client's message for its user."""


def run(client):
    made = client.create([os.environ["FOLDER"]])
    result = {"id": made, "status": _ended(client, made)}
    result["name"] = client.name(made)
    client.save(made, os.environ["ZIP"])

    large = client.create([os.environ["LARGE"]])
    client.cancel(large)
    result["cancelled"] = _ended(client, large)

    client.delete(made)
    result["missing"] = _refusal(lambda: client.status(made))
    result["refused"] = _refusal(lambda: client.create(["no/id"]))
    print(json.dumps(result))


def _ended(client, download_id):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        status = client.status(download_id)
        if status not in ("PENDING", "IN_PROGRESS"):
            return status
        time.sleep(0.1)
    raise TimeoutError(f"{download_id} is still {status}")


def _refusal(call):
    try:
        call()
    except Refused as refused:
        return str(refused)
    raise AssertionError("it was not refused")
