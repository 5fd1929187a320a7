import type { AxiosResponse } from 'axios';
import { BasicCredentials } from './basic.credentials.js';

describe('name and password', () => {
  it('go with every request, in UTF-8', async () => {
    const send = vi.fn(async () => ({ status: 200 }) as AxiosResponse<string>);
    await new BasicCredentials('svc', 'p:ä').apply(send);
    expect(send).toHaveBeenCalledExactlyOnceWith({ Authorization: 'Basic c3ZjOnA6w6Q=' });
  });

  it('are not sent twice when they are refused: each time counts as a failure', async () => {
    const send = vi.fn(async () => ({ status: 401 }) as AxiosResponse<string>);
    expect((await new BasicCredentials('svc', 'wrong').apply(send)).status).toBe(401);
    expect(send).toHaveBeenCalledTimes(1);
  });
});
