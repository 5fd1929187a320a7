package org.openapitools.client;

import java.util.List;
import org.openapitools.client.api.DownloadsApi;
import org.openapitools.client.model.Download;
import org.openapitools.client.model.DownloadBodyCreate;
import org.openapitools.client.model.DownloadEntry;

/** Compiles only if what the client gives for a new download is an entry, with a status of its own type. */
class CreatesDownload {
  boolean isDone(DownloadsApi downloads, List<String> nodeIds) throws ApiException {
    DownloadBodyCreate body = new DownloadBodyCreate().nodeIds(nodeIds);
    DownloadEntry made = downloads.createDownload(body, null, null, null);
    Download download = made.getEntry();
    return download.getStatus() == org.openapitools.client.model.DownloadStatus.DONE;
  }
}
