import { ValidateBy } from 'class-validator';

/** Finds the positions of the items that are wrong. */
export type OffendingItems = (items: readonly unknown[]) => number[];

/**
 * A rule about the items of an array that knows which of them break it, so that a problem document
 * can point to each; class-validator's own `each` does not tell.
 */
export function NoOffendingItems(
  name: string,
  offending: OffendingItems,
  message: string,
): PropertyDecorator {
  return ValidateBy(
    {
      name,
      validator: { validate: (items) => !Array.isArray(items) || offending(items).length === 0 },
    },
    { message, context: { offending } },
  );
}
