import { SetMetadata } from '@nestjs/common';

export const ACCEPTS_LINK = 'auth:accepts-link';

/** Lets a signed link in the query stand in for credentials on this route. */
export const AcceptsLink = () => SetMetadata(ACCEPTS_LINK, true);
