import { OPERATIONS, expectDescribedResponses, impatient } from '../harness/openapi-fuzz.js';

describe('any request', () => {
  impatient.for(OPERATIONS)(
    'gets a response that the OpenAPI document describes, and never 500: $title',
    (operation, { api, bff }) => expectDescribedResponses(operation, 100, { api, bff }),
  );
});
