#!/usr/bin/env node
// What `sugarbush-agent` starts: says in a sentence why the agent cannot run here, before anything fails in a way that
// explains nothing; else the agent goes on in this process. Written so that every Node since 0.12 can read it: no
// import, no const, no arrow, no template.
'use strict';

var wanted = [20, 10];

/** Why the agent cannot run on a system; undefined where it can.
 * @param system `{version, platform, arch}`, as `process` has them */
function problemOf(system) {
  var parts = /^v?(\d+)\.(\d+)/.exec(system.version) || [];
  var major = Number(parts[1]);
  var isOld = !(major > wanted[0] || (major === wanted[0] && Number(parts[2]) >= wanted[1]));
  if (system.platform !== 'linux') {
    return 'measures on Linux; this is ' + system.platform + ' (on Windows: WSL2)';
  }
  if (system.arch !== 'x64' && system.arch !== 'arm64') {
    return (
      'needs a 64-bit system, x86-64 or 64-bit ARM; this Node is built for ' +
      system.arch +
      '. A board with a 64-bit ' +
      'processor may run a 32-bit system (see: getconf LONG_BIT): install the 64-bit image of it'
    );
  }
  if (isOld) {
    return (
      'needs Node ' +
      wanted.join('.') +
      ' or later; this is ' +
      system.version +
      '. Distributions have older ones: take a ' +
      'current LTS from nodejs.org or its package repository'
    );
  }
  return undefined;
}

exports.problemOf = problemOf;

var problem = problemOf(process);
if (require.main === module) {
  if (problem === undefined) require('./start.cjs');
  else {
    process.stderr.write('sugarbush-agent: ' + problem + '\n');
    process.exit(4);
  }
}
