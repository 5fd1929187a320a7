/** The users that exist, as PersonService knows them. Names differ by more than case (`user.name.caseSensitive`). */
export class People {
  readonly #byLowerCase = new Map<string, string>();

  constructor(userIds: readonly string[]) {
    for (const id of userIds) this.add(id);
  }

  /** Returns the id in its own spelling, or undefined if there is no such user. */
  identifierOf(name: string): string | undefined {
    return this.#byLowerCase.get(name.toLowerCase());
  }

  /** Creates a user, as Alfresco does at the first request of someone whom another system has authenticated. */
  add(id: string): void {
    this.#byLowerCase.set(id.toLowerCase(), id);
  }
}
