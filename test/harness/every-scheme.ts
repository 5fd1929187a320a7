/** Variables of a service that has every way to log in, and so every route. No provider is there. */
export const EVERY_SCHEME = {
  AUTH: 'basic,bearer,session',
  PUBLIC_URL: 'https://downloads.example.com',
  OIDC_ISSUER: 'http://127.0.0.1:1',
  OIDC_AUDIENCE: 'alfresco-downloads',
  OIDC_CLIENT_ID: 'downloads',
  OIDC_CLIENT_SECRET: 'a-secret-of-the-client-at-the-provider',
  SESSION_SECRET: 'a-secret-for-sessions-of-more-than-32-characters',
} as const;
