// `node --random-seed=1 prepare.mjs FOLDER…`: makes of esbuild's index.js in each folder what loader.mjs runs:
// function.js, its map, and function.js.cache, the code of all its functions as V8 compiles it. The seed, and a V8 of
// its own for each, make the same bytes of the same bundle.
import { once } from 'node:events';
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

if (isMainThread) {
  // One after the other: flags are the whole process's.
  for (const folder of process.argv.slice(2)) {
    const [code] = await once(new Worker(new URL(import.meta.url), { workerData: folder }), 'exit');
    if (code !== 0) process.exit(code);
  }
} else {
  prepare((name) => join(workerData, name));
}

function prepare(file) {
  renameSync(file('index.js'), file('function.js'));
  renameSync(file('index.js.map'), file('function.js.map'));
  copyFileSync(new URL('loader.mjs', import.meta.url), file('index.mjs'));

  // Functions that are called later too, which V8 would else compile when they are. Flags are part of what V8 compares,
  // so the usual ones are back before the cache is made. The name is the same in whatever folder this is done.
  setFlagsFromString('--no-lazy');
  const script = new Script(readFileSync(file('function.js'), 'utf8'), { filename: 'function.js' });
  setFlagsFromString('--lazy');
  writeFileSync(file('function.js.cache'), script.createCachedData());
}
