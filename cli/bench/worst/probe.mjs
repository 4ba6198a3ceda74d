// Runs in a process of its own, which holds one function's bundle: sends it the events of a file, one after the other,
// and writes a JSON line for each to file descriptor 3. Plain JavaScript, so that nothing but the bundle takes memory.
// Arguments: BUNDLE EVENTS. Node has to be started with --expose-gc.
import { readFileSync, writeFileSync, writeSync } from 'node:fs';

const [bundle, file] = process.argv.slice(2);
const { handler } = await import(bundle);
const context = { awsRequestId: 'bench', functionName: 'bench', getRemainingTimeInMillis: () => 900_000 };
const kibibytes = (name) =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'latin1'))[1]);

for (const line of readFileSync(file, 'utf8').split('\n')) {
  const event = JSON.parse(line);
  globalThis.gc();
  // The highest resident size is counted from here.
  writeFileSync('/proc/self/clear_refs', '5');
  const beforeKiB = kibibytes('VmRSS');
  const before = process.cpuUsage();
  const reply = await handler(event, context);
  const { user, system } = process.cpuUsage(before);
  const peakKiB = kibibytes('VmHWM');
  const said = reply.statusCode >= 400 && !reply.isBase64Encoded ? reply.body.slice(0, 300) : undefined;
  const growthMB = ((peakKiB - beforeKiB) * 1024) / 1e6;
  const measured = { status: reply.statusCode, cpuMs: (user + system) / 1000, growthMB, peakMiB: peakKiB / 1024 };
  writeSync(3, `${JSON.stringify({ ...measured, replyBytes: (reply.body ?? '').length, said })}\n`);
}
process.exit(0);
