export {
  type DownloadLink,
  type DownloadPage,
  DownloadsClient,
  type DownloadsClientOptions,
  newIdempotencyKey,
} from './downloads-client.ts';
export {
  type Download,
  type DownloadEvent,
  type DownloadProgress,
  type DownloadStatus,
  type Problem,
  type ProgressEvent,
  eventTypeOf,
  isLast,
  isRunning,
} from './download-event.ts';
export { DownloadsProblem, ServiceUnreachable, endsLogin } from './downloads-problem.ts';
export { percentOf } from './progress-meter.ts';
export {
  type ServiceAddress,
  ServiceConnection,
  type ServiceRequest,
  type ServiceResponse,
} from './service-connection.ts';
export type { WatchPace } from './watch-pace.ts';
