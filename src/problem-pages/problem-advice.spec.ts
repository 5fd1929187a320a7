import { ADVICE } from './problem-advice.js';

describe('the advice on a problem', () => {
  it('says what both sides can do, with no markup but backquotes, which the pages know', () => {
    for (const { forCaller, forOperator } of Object.values(ADVICE)) {
      for (const text of [forCaller, forOperator]) {
        expect(text).toMatch(/^["A-Z`].*\.$/);
        expect(text.replace(/`[^`]+`/g, '')).not.toMatch(/[`*_#<>[\]]{2}|`/);
      }
    }
  });
});
