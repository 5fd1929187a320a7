/** The nodes of a download, which the service does not report. */
export interface Contents {
  readonly archiveName: string;
  /** Names of the nodes. */
  readonly names: readonly string[];
  /** Milliseconds of the epoch; absent from what an earlier page has stored. */
  readonly askedAt?: number;
}

const PREFIX = 'alfresco-downloads.contents.';

/** Stores them for this tab, so that they survive a reload. */
export function rememberContents(id: string, contents: Contents): void {
  sessionStorage.setItem(PREFIX + id, JSON.stringify(contents));
}

export function contentsOf(id: string): Contents | undefined {
  const text = sessionStorage.getItem(PREFIX + id);
  return text === null ? undefined : (JSON.parse(text) as Contents);
}

export function forgetContents(id: string): void {
  sessionStorage.removeItem(PREFIX + id);
}

/** The contents for these nodes, asked for now, with the name that Alfresco gives their ZIP. */
export function contentsFor(names: readonly string[]): Contents {
  const archiveName = names.length === 1 ? `${names[0]}.zip` : 'archive.zip';
  return { archiveName, names, askedAt: Date.now() };
}
