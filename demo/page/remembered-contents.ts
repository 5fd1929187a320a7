/** What a download was asked for: the service tells a download's numbers, not its nodes. */
export interface Contents {
  readonly archiveName: string;
  /** Names of the nodes. */
  readonly names: readonly string[];
}

const PREFIX = 'alfresco-downloads.contents.';

/** Keeps it for this tab, so that it survives a reload. */
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

/** How Alfresco names the ZIP of these nodes. */
export function contentsFor(names: readonly string[]): Contents {
  return { archiveName: names.length === 1 ? `${names[0]}.zip` : 'archive.zip', names };
}
