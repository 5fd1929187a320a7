/** An export that a user has asked for. */
export interface ExportJob {
  readonly id: string;
  readonly nodeIds: string[];
  /** `failed` is final; `ready` lasts as long as Alfresco keeps the ZIP. */
  readonly state: 'making' | 'ready' | 'failed';
  /** Of the source bytes. */
  readonly percent: number;
  readonly downloadId?: string;
  /** Why it has failed: a code of the downloads service, or the status in which the download ended. */
  readonly failure?: string;
}
