// Preloaded by a test: writes the URL of every module that the process loads into the file that RECORD_MODULES names.
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

registerHooks({
  load(url, context, next) {
    appendFileSync(process.env['RECORD_MODULES'], `${url}\n`);
    return next(url, context);
  },
});
