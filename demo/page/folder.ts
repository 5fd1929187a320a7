/** A file or folder in a folder. */
export interface FolderItem {
  readonly id: string;
  readonly name: string;
  readonly isFolder: boolean;
  /** In bytes; only for files. */
  readonly size?: number;
}

/** The contents of a folder, as in the response to `GET /demo/folders/{id}`. */
export interface FolderListing {
  readonly items: readonly FolderItem[];
  /** Whether there are more than the response contains. */
  readonly hasMoreItems: boolean;
}
