import { OPERATIONS, expectDescribedResponses, impatient } from '../harness/openapi-fuzz.js';

describe('any request', () => {
  impatient.for(OPERATIONS)(
    'gets a response that the OpenAPI document describes, and never 500: $title (1000 requests)',
    { timeout: 300_000 },
    (operation, { api, bff }) => expectDescribedResponses(operation, 1000, { api, bff }),
  );
});
