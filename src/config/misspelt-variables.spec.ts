import { misspeltVariables } from './misspelt-variables.js';

describe('misspelt variables', () => {
  it.each([
    ['ALFRSCO_TIMEOUT_MS', 'ALFRESCO_TIMEOUT_MS'],
    ['ALFRESCO_PASWORD_FILE', 'ALFRESCO_PASSWORD_FILE'],
    ['RATE_LIMITS', 'RATE_LIMIT'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['WORKER', 'WORKERS'],
    ['alfresco_url', 'ALFRESCO_URL'],
  ])('are found: %s is %s', (name, meant) => {
    expect(misspeltVariables(['PATH', name])).toEqual([{ name, meant }]);
  });

  it('are not those of the service, nor those of others', () => {
    const others = ['HOME', 'USER', 'PATH', 'HOSTNAME', 'DOCKER_HOST', 'SESSION_MANAGER'];
    const kubernetes = ['ALFRESCO_PORT', 'ALFRESCO_SERVICE_HOST', 'REDIS_PORT'];
    const own = ['ALFRESCO_URL', 'ALFRESCO_PASSWORD_FILE', 'USERS', 'PORT'];
    expect(misspeltVariables([...others, ...kubernetes, ...own])).toEqual([]);
  });

  it('are not meant for a variable that is set as well', () => {
    expect(misspeltVariables(['RATE_LIMIT', 'RATE_LIMITS'])).toEqual([]);
  });
});
