import {
  type ArgumentMetadata,
  Injectable,
  type ValidationError,
  ValidationPipe,
} from '@nestjs/common';
import { type FieldError, ProblemException } from './problem.exception.js';

/** Checks a body against its DTO; unknown members are refused. @throws ProblemException VALIDATION_FAILED */
@Injectable()
export class BodyValidationPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      exceptionFactory: (errors) => failed(firstOfEach(errors.flatMap(toFieldErrors))),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type !== 'body') return value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw failed([{ pointer: '', detail: 'must be a JSON object' }]);
    }
    return super.transform(value, metadata);
  }
}

function failed(errors: readonly FieldError[]): ProblemException {
  return new ProblemException('VALIDATION_FAILED', { errors });
}

/** A rule that knows which items of an array break it (see `NoOffendingItems`) gets a pointer for each. */
function toFieldErrors({ property, value, constraints, contexts }: ValidationError): FieldError[] {
  const pointer = `/${property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return Object.entries(constraints ?? {}).flatMap(([rule, message]): FieldError[] => {
    if (rule === 'whitelistValidation') return [{ pointer, detail: 'is not a known member' }];
    const offending: ((items: unknown) => number[]) | undefined = contexts?.[rule]?.offending;
    if (!offending) return [{ pointer, detail: message }];
    return offending(value).map((index) => ({ pointer: `${pointer}/${index}`, detail: message }));
  });
}

/** What is no array is not "empty", too: one message a place, that of the rule nearest to the property. */
function firstOfEach(errors: readonly FieldError[]): FieldError[] {
  return [...Map.groupBy(errors, ({ pointer }) => pointer).values()].map(([first]) => first!);
}
