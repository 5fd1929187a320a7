/** Injection token of the `AuthConfig`. */
export const AUTH_CONFIG = Symbol('AUTH_CONFIG');
