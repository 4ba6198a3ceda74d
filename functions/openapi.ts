// Lambda: GET /openapi.json.
import { openApiDocument } from '#contract/document.ts';
import { openApiOperations } from '#contract/openapi.ts';
import { httpHandler } from './shared/http-handler.ts';

const document = openApiDocument();

export const handler = httpHandler(openApiOperations, {
  openapi: async () => document,
});
