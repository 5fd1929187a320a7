/** The id is recorded for another owner. Alfresco gives no id twice, so this is a defect and not a state of the store. */
export class OwnerConflictError extends Error {
  override readonly name = 'OwnerConflictError';

  constructor() {
    super('the download is recorded for another owner');
  }
}
