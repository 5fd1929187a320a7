import { SetMetadata } from '@nestjs/common';

export const PUBLIC = 'auth:public';

/** Opens a route to callers without credentials. */
export const Public = () => SetMetadata(PUBLIC, true);
