"""alfresco-rest-client has no downloads API: an application adds one in the manner of the library's APIs."""

import os
import sys

import whole_job
from alfresco import Alfresco, BasicAuth, TicketAuth
from alfresco.api.base import BaseAPI
from alfresco.exceptions import AlfrescoError


class DownloadsAPI(BaseAPI):
    _base_path = "/downloads"

    def create(self, node_ids):
        return self._post(self._url(), json={"nodeIds": node_ids})["entry"]

    def get(self, download_id):
        return self._get(self._url(download_id))["entry"]

    def cancel(self, download_id):
        return self._delete(self._url(download_id))


class Client:
    def __init__(self, alfresco):
        self.nodes = alfresco.nodes
        self.downloads = DownloadsAPI(alfresco)

    def create(self, node_ids):
        return self._call(self.downloads.create, node_ids)["id"]

    def status(self, download_id):
        return self._call(self.downloads.get, download_id)["status"]

    def name(self, download_id):
        return self.nodes.get(download_id).name

    def save(self, download_id, path):
        self.nodes.download_to(download_id, path)

    def cancel(self, download_id):
        self.downloads.cancel(download_id)

    def delete(self, download_id):
        self.nodes.delete(download_id, permanent=True)

    @staticmethod
    def _call(function, *args):
        try:
            return function(*args)
        except AlfrescoError as error:
            raise whole_job.Refused(error.message) from error


log_in = {"basic": BasicAuth, "ticket": TicketAuth}[sys.argv[1]]
auth = log_in(os.environ["USER_NAME"], os.environ["PASSWORD"])
with Alfresco(url=os.environ["SERVICE"], auth=auth) as alfresco:
    whole_job.run(Client(alfresco))
