import { type Peer, peerNames, startPeer } from './peer-process.ts';
import { MeasuredService } from './service.ts';
import { SERVICE } from './table.ts';
import { type Upstream, contentPath, downloadPath } from './upstream-process.ts';

/** A server of downloads and their ZIPs. */
export interface Target {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  downloadPath(id: string): string;
  contentPath(id: string): string;
}

/** The targets to compare: Alfresco itself, the proxies, and the service. */
export class Targets {
  readonly all: readonly Target[];
  readonly service: MeasuredService;
  private readonly peers: readonly Peer[];

  private constructor(upstream: Upstream, peers: readonly Peer[], service: MeasuredService) {
    this.peers = peers;
    this.service = service;
    this.all = [
      {
        name: 'the upstream itself',
        url: upstream.origin,
        pid: upstream.pid,
        downloadPath,
        contentPath,
      },
      ...peers.map(({ name, url, pid }) => ({ name, url, pid, downloadPath, contentPath })),
      {
        name: SERVICE,
        url: service.url,
        pid: service.child.pid!,
        downloadPath: (id) => `/downloads/${id}`,
        contentPath: (id) => `/downloads/${id}/content`,
      },
    ];
  }

  /** @param more names of peers that are not proxies */
  static async start(upstream: Upstream, more: readonly string[] = []): Promise<Targets> {
    const peers: Peer[] = [];
    for (const name of [...peerNames(), ...more])
      peers.push(await startPeer(name, upstream.origin));
    return new Targets(upstream, peers, await MeasuredService.start(upstream.alfrescoUrl));
  }

  async stop(): Promise<void> {
    for (const peer of this.peers) peer.stop();
    await this.service.stop();
  }
}
