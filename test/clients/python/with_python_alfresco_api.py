"""python-alfresco-api, with its own ticket, and its HTTP client for content."""

import json
import os

import whole_job
from python_alfresco_api import ClientFactory
from python_alfresco_api.raw_clients.alfresco_core_client.core_client.models import (
    DownloadBodyCreate,
)


class Client:
    def __init__(self, core):
        self.core = core

    def create(self, node_ids):
        body = DownloadBodyCreate(node_ids=node_ids)
        return self._call(self.core.downloads.create_download_detailed, body=body).entry.id

    def status(self, download_id):
        return self._call(self.core.downloads.get_download_detailed, download_id).entry.status.value

    def name(self, download_id):
        return self.core.nodes.get(download_id).entry.name

    # The library's `content.download_file` writes "Mock file content", whatever the server has.
    def save(self, download_id, path):
        http = self.core.raw_client.get_httpx_client()
        with http.stream("GET", f"/nodes/{download_id}/content") as response:
            response.raise_for_status()
            with open(path, "wb") as file:
                for chunk in response.iter_bytes():
                    file.write(chunk)

    def cancel(self, download_id):
        self.core.downloads.cancel_download_detailed(download_id)

    def delete(self, download_id):
        self.core.nodes.delete(download_id, permanent=True)

    @staticmethod
    def _call(function, *args, **kwargs):
        response = function(*args, **kwargs)
        if response.parsed is None:
            raise whole_job.Refused(json.loads(response.content)["error"]["briefSummary"])
        return response.parsed


factory = ClientFactory(
    base_url=os.environ["SERVICE"],
    username=os.environ["USER_NAME"],
    password=os.environ["PASSWORD"],
    load_env=False,
)
whole_job.run(Client(factory.create_core_client()))
