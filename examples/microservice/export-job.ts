/** An export requested by a user. */
export interface ExportJob {
  readonly id: string;
  readonly nodeIds: string[];
  /** `failed` is final; `ready` lasts as long as Alfresco keeps the ZIP. */
  readonly state: 'making' | 'ready' | 'failed';
  /** Percentage of the source bytes. */
  readonly percent: number;
  readonly downloadId?: string;
  /** The reason for the failure: an error code of the downloads service, or the last event of the download. */
  readonly failure?: string;
}
