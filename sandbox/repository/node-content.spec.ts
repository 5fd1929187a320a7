import { deflateRawSync } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import { generatedContent } from './node-content.ts';

describe('generated content', () => {
  const content = generatedContent('seed', 200_000);

  it('is the same from every offset', async () => {
    const whole = await buffer(content.read(0, content.size));
    for (const start of [1, 15, 16, 65_535, 65_536, 131_073, 199_999]) {
      expect((await buffer(content.read(start, content.size))).equals(whole.subarray(start))).toBe(
        true,
      );
    }
  });

  it('cannot be compressed', async () => {
    const whole = await buffer(content.read(0, content.size));
    expect(deflateRawSync(whole).length).toBeGreaterThanOrEqual(whole.length);
  });

  it('differs by seed', async () => {
    const [one, other] = [
      await buffer(content.read(0, 16)),
      await buffer(generatedContent('other', 16).read(0, 16)),
    ];
    expect(one.equals(other)).toBe(false);
  });
});
