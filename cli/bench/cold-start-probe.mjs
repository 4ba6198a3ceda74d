// Runs in a fresh process for cold-start.ts and prints one JSON line of durations in ms. Plain JavaScript: type
// stripping would add to the start of the process. Arguments: `library MODEL` or `answer BUNDLE EVENT`.
const now = () => performance.timeOrigin + performance.now();
const startedMs = now() - Number(process.env.SPAWNED_AT_MS);
const [mode, file, eventFile] = process.argv.slice(2);

if (mode === 'library') {
  const { createRequire } = await import('node:module');
  const beforeLibrary = now();
  const ort = createRequire(import.meta.url)('onnxruntime-node');
  const beforeSession = now();
  await ort.InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const libraryMs = beforeSession - beforeLibrary;
  console.log(JSON.stringify({ startedMs, libraryMs, sessionMs: now() - beforeSession }));
} else {
  const { readFileSync } = await import('node:fs');
  const event = JSON.parse(readFileSync(eventFile, 'utf8'));
  const before = now();
  const { handler } = await import(file);
  const reply = await handler(event, { awsRequestId: 'bench', getRemainingTimeInMillis: () => 60_000 });
  if (reply.statusCode !== 200) throw new Error(`${reply.statusCode}: ${reply.body}`);
  console.log(JSON.stringify({ startedMs, answerMs: now() - before }));
}
process.exit(0);
