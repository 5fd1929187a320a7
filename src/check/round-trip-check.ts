import { setTimeout as sleep } from 'node:timers/promises';
import { type Download, type DownloadNode, isTerminal } from '../alfresco/download.js';
import type { ResumableContent } from '../alfresco/content/resumable-content.js';
import { isProblem } from '../problems/problem.exception.js';
import type { AlfrescoAccess } from './alfresco-access.js';
import { type Findings, measured, reasonOf } from './findings.js';
import { checkResponses } from './response-check.js';
import { ZipEnd } from './zip-end.js';

/** Milliseconds. */
const POLL_MS = 200;
const JOB_MS = 300_000;
/** For a job to notice that it is cancelled. */
const END_MS = 30_000;

const HOLDER = { key: 'check', isLinked: false };
const CLEAN_UP = 'Alfresco removes downloads by itself, an hour or two later by default';

/** Makes a ZIP of the node, saves, cancels and removes it, each timed. No download is left, whatever happens. */
export async function checkRoundTrip(
  access: AlfrescoAccess,
  node: string,
  findings: Findings,
  interrupted: AbortSignal,
): Promise<void> {
  const trip = new RoundTrip(access, node, findings, interrupted);
  try {
    await trip.save();
    await trip.cancel();
  } catch (error) {
    if (interrupted.aborted) findings.skip('round trip', 'interrupted');
    else findings.fail('round trip', reasonOf(error), adviceFor(error));
  } finally {
    await trip.removeAll();
  }
}

class RoundTrip {
  /** Downloads that exist. */
  private readonly made = new Set<string>();

  constructor(
    private readonly access: AlfrescoAccess,
    private readonly node: string,
    private readonly findings: Findings,
    private readonly interrupted: AbortSignal,
  ) {}

  /** Make, watch, save as a whole and in part, remove. */
  async save(): Promise<void> {
    const { findings } = this;
    const { client, caller } = this.access;
    const { result: download, durationMs: creation } = await measured(() => this.create());
    findings.ok('round trip: create', 'accepted', creation);
    const watch = await measured(() => this.end(download, JOB_MS));
    const { status, totalFiles } = watch.result;
    if (status !== 'DONE') {
      const advice = 'choose a smaller node, or see the log of Alfresco';
      const seconds = Math.round(watch.durationMs / 1000);
      findings.fail('round trip: watch', `it is ${status} after ${seconds} s`, advice);
      return;
    }
    findings.ok('round trip: watch', `DONE, ${totalFiles} files`, watch.durationMs);
    const archive = await client.getDownloadNode(download.id, caller);
    await this.readRange(archive);
    await this.readWhole(archive);
    await checkResponses(this.access, archive, findings);
    const removal = await measured(() => this.remove(download.id));
    findings.ok('round trip: remove', 'it is gone', removal.durationMs);
  }

  /** A second one, since one that is done cannot be cancelled. */
  async cancel(): Promise<void> {
    const { client, caller } = this.access;
    const { id, ...rest } = await this.create();
    const { result, durationMs } = await measured(async () => {
      await client.cancelDownload(id, caller);
      return this.end({ id, ...rest }, END_MS);
    });
    const seen = result.status === 'DONE' ? 'it was DONE before' : `it is ${result.status}`;
    this.findings.ok('round trip: cancel', seen, durationMs);
    await this.remove(id);
  }

  /** Not interrupted: a job whose node is removed while it runs ends with a stack trace in Alfresco's log. */
  async removeAll(): Promise<void> {
    const { client, caller } = this.access;
    for (const id of this.made) {
      try {
        const download = await client.getDownload(id, caller);
        if (!isTerminal(download.status)) {
          await client.cancelDownload(id, caller);
          await this.end(download, END_MS, new AbortController().signal);
        }
        await this.remove(id);
      } catch (error) {
        if (isProblem(error, 'DOWNLOAD_NOT_FOUND')) continue;
        const seen = `the download ${id} may be left: ${reasonOf(error)}`;
        this.findings.fail('round trip: clean-up', seen, CLEAN_UP);
      }
    }
  }

  private async create(): Promise<Download> {
    const { client, caller } = this.access;
    this.interrupted.throwIfAborted();
    const download = await client.createDownload([this.node], caller);
    this.made.add(download.id);
    return download;
  }

  private async remove(id: string): Promise<void> {
    await this.access.client.deleteNode(id, this.access.caller);
    this.made.delete(id);
  }

  /** @returns the download in its final state, or as it is after that time */
  private async end(
    download: Download,
    limitMs: number,
    signal = this.interrupted,
  ): Promise<Download> {
    const { client, caller } = this.access;
    const endsAt = performance.now() + limitMs;
    let latest = download;
    while (!isTerminal(latest.status) && performance.now() < endsAt) {
      await sleep(POLL_MS, undefined, { signal });
      latest = await client.getDownload(download.id, caller);
    }
    return latest;
  }

  private async readRange(archive: DownloadNode): Promise<void> {
    const end = Math.min(archive.size!, 4) - 1;
    const { result, durationMs } = await measured(async () => {
      const pieces: Buffer[] = [];
      for await (const piece of await this.open(archive, end)) pieces.push(piece as Buffer);
      return Buffer.concat(pieces).toString('latin1');
    });
    // APPNOTE.TXT, section 4.3.7: the signature of the first file, or of the end of an empty archive.
    const isZip = result === 'PK\x03\x04' || result === 'PK\x05\x06';
    if (isZip) this.findings.ok('round trip: range', 'the first four bytes', durationMs);
    else this.findings.fail('round trip: range', 'not the beginning of a ZIP', 'check Alfresco');
  }

  private async readWhole(archive: DownloadNode): Promise<void> {
    const size = archive.size!;
    const ending = new ZipEnd();
    const { durationMs } = await measured(async () => {
      for await (const piece of await this.open(archive, size - 1)) ending.add(piece as Buffer);
    });
    if (ending.length === size && ending.isComplete) {
      const seen = `${size} bytes, complete to the end record`;
      this.findings.ok('round trip: whole', seen, durationMs);
    } else {
      const seen = `${ending.length} of ${size} bytes, ${ending.isComplete ? 'with' : 'without'} an end record`;
      this.findings.fail('round trip: whole', seen, 'check Alfresco and what is in front of it');
    }
  }

  private open(archive: DownloadNode, end: number): Promise<ResumableContent> {
    const { client, caller } = this.access;
    return client.openContent(archive, { start: 0, end }, HOLDER, this.interrupted, caller);
  }
}

function adviceFor(error: unknown): string {
  if (isProblem(error, 'ALFRESCO_READ_ONLY')) return 'make Alfresco writable';
  if (isProblem(error, 'NODE_NOT_FOUND')) return '--node must be a node that exists';
  if (isProblem(error, 'NODE_FORBIDDEN')) return 'give the account the right to read the node';
  if (isProblem(error, 'NODE_NOT_ZIPPABLE')) return '--node must be a file or a folder';
  return 'check Alfresco; a download whose id did not arrive is removed by its clean-up';
}
