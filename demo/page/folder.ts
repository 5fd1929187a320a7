/** Something in a folder. */
export interface FolderItem {
  readonly id: string;
  readonly name: string;
  readonly isFolder: boolean;
  /** Bytes; of files only. */
  readonly size?: number;
}

/** What is in a folder, as the demo's server answers `GET /demo/folders/{id}`. */
export interface FolderListing {
  readonly items: readonly FolderItem[];
  /** Whether there are more than the response could hold. */
  readonly hasMoreItems: boolean;
}
