import { generatedContent } from '../repository/node-content.ts';
import { exporterPieces } from './exporter-pieces.ts';

describe('exporterPieces', () => {
  it.each([
    [0, []],
    [13, [13]],
    [20_480, [20_480]],
    [10_240_000, [20_480]],
    [10_240_001, [20_480, 10_240_001]],
    [20_500_000, [20_480, 10_260_480, 20_500_000]],
  ])('of %i bytes have progress points after %o', async (size, expected) => {
    let at = 0;
    const points: number[] = [];
    for await (const { bytes, endsProgressChunk } of exporterPieces(generatedContent('x', size))) {
      at += bytes.length;
      if (endsProgressChunk) points.push(at);
    }
    expect(at).toBe(size);
    expect(points).toEqual(expected);
  });
});
