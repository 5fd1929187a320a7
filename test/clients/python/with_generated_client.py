"""A package from openapi-generator, for Alfresco's description or that of the service: the calls are the same."""

import json
import os

import openapi_client
import whole_job
from openapi_client.rest import ApiException


class Client:
    def __init__(self, api_client):
        self.downloads = openapi_client.DownloadsApi(api_client)
        self.nodes = openapi_client.NodesApi(api_client)

    def create(self, node_ids):
        body = openapi_client.DownloadBodyCreate(nodeIds=node_ids)
        made = self._call(self.downloads.create_download, body)
        assert isinstance(made, openapi_client.DownloadEntry), made
        return made.entry.id

    def status(self, download_id):
        return self._call(self.downloads.get_download, download_id).entry.status

    def name(self, download_id):
        return self.nodes.get_node(download_id).entry.name

    def save(self, download_id, path):
        with open(path, "wb") as file:
            file.write(self.nodes.get_node_content(download_id))

    def cancel(self, download_id):
        self.downloads.cancel_download(download_id)

    def delete(self, download_id):
        self.nodes.delete_node(download_id)

    @staticmethod
    def _call(function, *args):
        try:
            return function(*args)
        except ApiException as error:
            raise whole_job.Refused(json.loads(error.body)["error"]["briefSummary"]) from error


configuration = openapi_client.Configuration(
    host=os.environ["SERVICE"] + "/alfresco/api/-default-/public/alfresco/versions/1",
    username=os.environ["USER_NAME"],
    password=os.environ["PASSWORD"],
)
with openapi_client.ApiClient(configuration) as api_client:
    whole_job.run(Client(api_client))
