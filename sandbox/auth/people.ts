/** The users that exist, as PersonService knows them. Names differ by more than case (`user.name.caseSensitive`). */
export class People {
  readonly #byLowerCase = new Map<string, string>();

  constructor(userIds: readonly string[]) {
    for (const id of userIds) this.add(id);
  }

  /** The existing spelling of a name, undefined if there is no such user. */
  identifierOf(name: string): string | undefined {
    return this.#byLowerCase.get(name.toLowerCase());
  }

  /** Creates a user; one who logs in for the first time needs nothing else. */
  add(id: string): void {
    this.#byLowerCase.set(id.toLowerCase(), id);
  }
}
