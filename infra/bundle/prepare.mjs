// `node --random-seed=1 prepare.mjs FOLDER`: makes of esbuild's index.js what loader.mjs runs: function.js, its map,
// and function.js.cache, the code of all its functions as V8 compiles it. The seed makes the same bytes of the same
// bundle.
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

const folder = process.argv[2];
const file = (name) => join(folder, name);

renameSync(file('index.js'), file('function.js'));
renameSync(file('index.js.map'), file('function.js.map'));
copyFileSync(new URL('loader.mjs', import.meta.url), file('index.mjs'));

// Functions that are called later too, which V8 would else compile when they are. Flags are part of what V8 compares,
// so the usual ones are back before the cache is made. The name is the same in whatever folder this is done.
setFlagsFromString('--no-lazy');
const script = new Script(readFileSync(file('function.js'), 'utf8'), { filename: 'function.js' });
setFlagsFromString('--lazy');
writeFileSync(file('function.js.cache'), script.createCachedData());
