import { AllowedMethods } from './allowed-methods.js';

const allowed = new AllowedMethods();
for (const route of [
  { url: '/downloads', method: 'POST' },
  { url: '/downloads', method: 'GET' },
  { url: '/downloads/:id', method: ['GET', 'HEAD'] },
  { url: '/downloads/:id', method: 'DELETE' },
  { url: '/downloads/:id/content', method: ['HEAD', 'GET'] },
  { url: '/downloads/special', method: 'PATCH' },
  { url: '/docs/*', method: 'GET' },
  { url: '/docs/openapi.json', method: 'HEAD' },
  { url: '/api/-default-/v1.0/nodes/:id', method: 'DELETE' },
]) {
  allowed.add(route);
}

describe('the methods that a path takes', () => {
  it.each([
    ['/downloads', ['GET', 'POST']],
    ['/downloads/', ['GET', 'POST']],
    ['/downloads?fields=id', ['GET', 'POST']],
    ['/downloads?next=/downloads/5b6a/content', ['GET', 'POST']],
    ['/downloads/5b6a', ['DELETE', 'GET', 'HEAD']],
    ['/downloads/5b6a/', ['DELETE', 'GET', 'HEAD']],
    ['/downloads/a%2Fb', ['DELETE', 'GET', 'HEAD']],
    ['/downloads/5b6a/content?a=1&b=2', ['GET', 'HEAD']],
    ['/docs/swagger-ui.css', ['GET']],
    ['/docs/assets/a.png', ['GET']],
    ['/api/-default-/v1.0/nodes/5b6a', ['DELETE']],
  ])('%s', (target, methods) => {
    expect(allowed.of(target)).toEqual(methods);
  });

  it('are those of all routes that fit, each once', () => {
    expect(allowed.of('/docs/openapi.json')).toEqual(['GET', 'HEAD']);
    expect(allowed.of('/downloads/special')).toEqual(['DELETE', 'GET', 'HEAD', 'PATCH']);
  });

  it.each([
    '/',
    '/nope',
    '/download',
    '/downloadsx',
    '/x/downloads',
    '/downloads/5b6a/nope',
    '/downloads/5b6a/content/x',
    '/downloads//content',
    '/DOWNLOADS',
    '/docsx',
    '/api/-default-/v1x0/nodes/5b6a',
    '?/downloads',
  ])('are none where there is nothing: %s', (target) => {
    expect(allowed.of(target)).toEqual([]);
  });

  it('are none before there is a route', () => {
    expect(new AllowedMethods().of('/downloads')).toEqual([]);
  });
});
