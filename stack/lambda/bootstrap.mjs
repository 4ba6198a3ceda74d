// Runs one Lambda bundle inside its sandbox process: loads the handler, then asks the Runtime API for one event after
// the other. Plain JavaScript without imports of ours, so that nothing is loaded that the cloud would not load.
// Protocol: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
import { existsSync, writeSync } from 'node:fs';
import http from 'node:http';
import { uptime } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
// A connection of its own for the long poll's answer and the replies: one at a time, kept open.
const agent = new http.Agent({ keepAlive: true, maxSockets: 2, keepAliveMsecs: 60_000 });

// Standard input ends when the stack that started this process is gone, whatever the handler does at that time.
process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0));
process.stdin.resume().unref();

// The stack's clock for this process too, with which the store's agrees: the machine's may be set at any time. As in
// stack/stack-clock.ts, from the time since the machine started and the monotonic clock.
const startedMs = Number(process.env.STACK_CLOCK_STARTED_MS);
delete process.env.STACK_CLOCK_STARTED_MS;
let comparedMs = Number.NEGATIVE_INFINITY;
let offsetMs = Number.NEGATIVE_INFINITY;
function stackTime() {
  const monotonicMs = performance.now();
  if (monotonicMs - comparedMs >= 1000) {
    comparedMs = monotonicMs;
    const presentMs = uptime() * 1000 - monotonicMs;
    if (presentMs > offsetMs + 1500) offsetMs = presentMs;
  }
  return Math.floor(startedMs + offsetMs + monotonicMs);
}
Date.now = stackTime;
globalThis.Date = new Proxy(Date, {
  construct: (target, given, made) => Reflect.construct(target, given.length === 0 ? [stackTime()] : given, made),
  apply: () => new Date().toString(),
});

// Both are a log file. A stream of Node's ends for good at the first line that finds no space; these lines are lost,
// and the next ones are written.
for (const [stream, descriptor] of [
  [process.stdout, 1],
  [process.stderr, 2],
]) {
  stream.write = (chunk, encoding, callback) => {
    try {
      writeSync(descriptor, typeof chunk === 'string' ? Buffer.from(chunk, callback ? encoding : 'utf8') : chunk);
    } catch {}
    const done = callback ?? encoding;
    if (typeof done === 'function') process.nextTick(done);
    return true;
  };
}

/** @returns {Promise<{ status: number, headers: http.IncomingHttpHeaders, body: string }>} */
function call(method, route, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const options = { host, port, method, agent, path: `/2018-06-01/runtime/${route}`, headers };
    const request = http.request(options, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() });
      });
    });
    request.setNoDelay(true);
    request.on('error', reject);
    request.end(body);
  });
}

/** What Lambda says of a thrown value. */
function describe(error, type) {
  if (!(error instanceof Error)) return { errorType: type ?? typeof error, errorMessage: String(error), trace: [] };
  return { errorType: type ?? error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}

function report(route, error, type) {
  const described = describe(error, type);
  console.error(`${new Date().toISOString()}\t${current ?? 'init'}\tERROR\t${error?.stack ?? described.errorMessage}`);
  return call('POST', route, JSON.stringify(described), {
    'content-type': 'application/json',
    'lambda-runtime-function-error-type': described.errorType,
  });
}

/** The request being handled; undefined while the handler loads and between events. */
let current;

/** An error that nobody caught ends the process, after it has been told. */
async function fatal(error, type, exitCode) {
  const route = current === undefined ? 'init/error' : `invocation/${current}/error`;
  await report(route, error, type).catch(() => undefined);
  process.exit(exitCode);
}
process.on('uncaughtException', (error) => void fatal(error, undefined, 129));
process.on('unhandledRejection', (error) => void fatal(error, 'Runtime.UnhandledPromiseRejection', 128));

async function loadHandler() {
  const [, file, name] = /^(.*)\.([^.]+)$/.exec(process.env._HANDLER) ?? [];
  if (!file)
    throw Object.assign(new Error(`'${process.env._HANDLER}' is not a handler`), {
      name: 'Runtime.MalformedHandlerName',
    });
  const base = path.resolve(process.env.LAMBDA_TASK_ROOT, file);
  const found = ['.mjs', '.js', '.cjs'].map((extension) => base + extension).find((candidate) => existsSync(candidate));
  if (!found) throw Object.assign(new Error(`Cannot find module '${file}'`), { name: 'Runtime.ImportModuleError' });
  const module = await import(pathToFileURL(found).href);
  const handler = module[name] ?? module.default?.[name];
  if (typeof handler !== 'function') {
    throw Object.assign(new Error(`${process.env._HANDLER} is undefined or not exported`), {
      name: 'Runtime.HandlerNotFound',
    });
  }
  return handler;
}

function contextOf(headers) {
  const deadlineMs = Number(headers['lambda-runtime-deadline-ms']);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
}

let handler;
try {
  handler = await loadHandler();
} catch (error) {
  await fatal(error, error?.name === 'Error' ? 'Runtime.ImportModuleError' : undefined, 1);
}

for (;;) {
  const next = await call('GET', 'invocation/next').catch(() => undefined);
  // The stack that started this process is gone: so is the reason to run.
  if (next?.status !== 200) process.exit(0);
  current = next.headers['lambda-runtime-aws-request-id'];
  process.env._X_AMZN_TRACE_ID = next.headers['lambda-runtime-trace-id'];
  try {
    const result = await handler(JSON.parse(next.body), contextOf(next.headers));
    const body = JSON.stringify(result === undefined ? null : result);
    await call('POST', `invocation/${current}/response`, body, { 'content-type': 'application/json' });
  } catch (error) {
    await report(`invocation/${current}/error`, error).catch(() => process.exit(0));
  }
  current = undefined;
}
