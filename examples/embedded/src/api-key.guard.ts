import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  UnauthorizedException,
} from '@nestjs/common';
import { hasSignedLink } from 'alfresco-downloads-bff';

/** A request that the guard has authenticated, of Express or Fastify. */
export interface KnownRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  user?: string;
}

/** Authenticates users by the key in `x-api-key`. `API_KEYS` has the form `key=user,key=user`. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  private readonly users = new Map(
    (process.env.API_KEYS ?? '').split(',').map((pair) => pair.split('=') as [string, string]),
  );

  canActivate(context: ExecutionContext): boolean {
    // The link replaces a key; the module's own guard verifies it.
    if (hasSignedLink(context)) return true;
    const request = context.switchToHttp().getRequest<KnownRequest>();
    request.user = this.users.get(request.headers['x-api-key'] ?? '');
    if (request.user === undefined)
      throw new UnauthorizedException('x-api-key is missing or wrong');
    return true;
  }
}
