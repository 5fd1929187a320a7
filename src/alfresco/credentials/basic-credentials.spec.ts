import type { UpstreamRequest } from '../http/upstream-call.js';
import { requestOf, sendBy } from '../http/upstream.fixture.js';
import { BasicCredentials } from './basic-credentials.js';

describe('name and password', () => {
  it('go with every request, in UTF-8', async () => {
    const send = vi.fn(async (_headers: unknown) => ({ status: 200 }));
    const next = sendBy(({ headers }: UpstreamRequest) => send({ ...headers }));
    await new BasicCredentials('svc', 'p:ä').apply(next)(requestOf());
    expect(send).toHaveBeenCalledExactlyOnceWith({ Authorization: 'Basic c3ZjOnA6w6Q=' });
  });

  it('are not sent twice when they are rejected: each time counts as a failure', async () => {
    const send = vi.fn(async () => ({ status: 401 }));
    const credentials = new BasicCredentials('svc', 'wrong').apply(sendBy(send));
    expect((await credentials(requestOf())).status).toBe(401);
    expect(send).toHaveBeenCalledTimes(1);
  });

  describe('that are rejected', () => {
    const PACING = { firstMs: 1000, longestMs: 8000 };
    const rejected = expect.objectContaining({ code: 'ALFRESCO_CREDENTIALS_REJECTED' });
    let status: number;
    let sent: number;
    let credentials: BasicCredentials;
    const request = () =>
      credentials.apply(
        sendBy(async () => {
          sent += 1;
          const given = status;
          await new Promise((resolve) => setTimeout(resolve, 10));
          return { status: given };
        }),
      )(requestOf());
    /** What becomes of so many requests at the same time. */
    const outcomes = async (count: number) => {
      const ends = Promise.allSettled(Array.from({ length: count }, request));
      await vi.advanceTimersByTimeAsync(20);
      return (await ends).map((end) =>
        end.status === 'fulfilled' ? end.value.status : (end.reason as unknown),
      );
    };

    beforeEach(() => {
      vi.useFakeTimers();
      vi.spyOn(Math, 'random').mockReturnValue(0);
      status = 401;
      sent = 0;
      credentials = new BasicCredentials('svc', 'p', PACING);
    });
    afterEach(() => {
      vi.useRealTimers();
      vi.restoreAllMocks();
    });

    it('are sent once, however many requests want to, and not again before the pause is over', async () => {
      expect(await outcomes(50)).toEqual([401, ...Array(49).fill(rejected)]);
      expect(await outcomes(50)).toEqual(Array(50).fill(rejected));
      expect(sent).toBe(1);
      await vi.advanceTimersByTimeAsync(1000);
      expect(await outcomes(50)).toEqual([401, ...Array(49).fill(rejected)]);
      await vi.advanceTimersByTimeAsync(1900);
      expect(await outcomes(1)).toEqual([rejected]);
      expect(sent).toBe(2);
    });

    it('go with every request once they are accepted', async () => {
      await outcomes(1);
      await vi.advanceTimersByTimeAsync(1000);
      status = 200;
      expect(await outcomes(50)).toEqual(Array(50).fill(200));
    });

    it('count as rejected once when many requests are rejected at the same time', async () => {
      status = 200;
      await outcomes(1);
      status = 401;
      expect(await outcomes(50)).toEqual(Array(50).fill(401));
      await vi.advanceTimersByTimeAsync(1000);
      expect(await outcomes(1)).toEqual([401]);
    });

    it('are not known to be right because a proxy in front of Alfresco responds', async () => {
      status = 503;
      await outcomes(1);
      status = 401;
      expect(await outcomes(50)).toEqual([401, ...Array(49).fill(rejected)]);
      expect(sent).toBe(2);
    });

    it('are tried by the next request when the first one fails', async () => {
      const first = credentials.apply(() => Promise.reject(new Error('reset')))(requestOf());
      status = 200;
      const others = outcomes(3);
      await expect(first).rejects.toThrow('reset');
      await vi.advanceTimersByTimeAsync(20);
      expect(await others).toEqual([200, 200, 200]);
    });
  });
});
