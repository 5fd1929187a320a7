import { ValidateBy } from 'class-validator';

/** A whole number within these limits, both included. */
export function IsWholeNumber(message: string, min: number, max = Infinity): PropertyDecorator {
  const validate = (value: unknown) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
  return ValidateBy({ name: 'isWholeNumber', validator: { validate } }, { message });
}
