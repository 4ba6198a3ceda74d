// Lambda: GET /openapi.json.
import { openApiDocument } from '#contract/document.ts';
import { httpHandler, ok, route } from './shared/http-handler.ts';

const document = openApiDocument();

export const handler = httpHandler({ 'GET /openapi.json': route({ handle: async () => ok(document) }) });
