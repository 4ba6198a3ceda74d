// Starting and stopping the embedded stack: one owner of a state folder, taken ports, what survives a restart, what is
// refused, and that nothing keeps running.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Stack, type StackOptions, startStack } from '#stack/stack.ts';
import { bucket, httpApi, lambda, type Resources, writeAssembly } from './write-assembly.ts';

let folder: string;
let stacks: Stack[];
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-stack-'));
  stacks = [];
  children = [];
});
afterEach(async () => {
  await Promise.all(stacks.map((stack) => stack.close()));
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const service: Resources = {
  Data: bucket(),
  Fn: lambda('index.counts'),
  ...httpApi({ 'GET /counts': { function: 'Fn' } }),
};

async function start(options: Partial<StackOptions> = {}, resources = service): Promise<Stack> {
  const templateDir = writeAssembly(join(folder, 'cdk.out'), resources);
  const stack = await startStack({ stateDir: join(folder, 'state'), port: 0, templateDir, graceMs: 0, ...options });
  stacks.push(stack);
  return stack;
}

describe('one state folder', () => {
  test('takes one stack at a time', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(new RegExp(`state' is in use by process ${process.pid}: stop it, or choose`));
    expect((await fetch(`${first.apiUrl}/counts`)).status).toBe(200);
    await first.close();
    await start();
  });

  test('is free after its owner was killed', async () => {
    writeAssembly(join(folder, 'cdk.out'), service);
    const { child } = await startInProcess();
    await expect(start()).rejects.toThrow(`in use by process ${child.pid}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await start();
  });

  test('is free when the owner’s number belongs to another process by now', async () => {
    await (await start()).close();
    writeFileSync(join(folder, 'state', 'lock.json'), JSON.stringify({ pid: process.pid, started: '1' }));
    await start();
  });

  test('is free after a start that failed', async () => {
    await expect(start({}, { Odd: { Type: 'AWS::SQS::Queue' } })).rejects.toThrow('AWS::SQS::Queue');
    await start();
  });

  test('keeps credentials over a restart', async () => {
    const first = await start();
    await first.close();
    expect((await start()).credentials).toEqual(first.credentials);
  });
});

describe('ports', () => {
  test('a taken one is named', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(start({ port })).rejects.toThrow(
      `port ${port} is in use: stop what listens there, or choose another port`,
    );
    other.close();
    await start({ port });
  });
});

describe('a template it cannot run is refused', () => {
  test.each<[string, Resources, RegExp]>([
    [
      'an unknown type',
      { Q: { Type: 'AWS::SQS::Queue' } },
      /cannot run a AWS::SQS::Queue \(Service\.Q\); it knows AWS::S3/,
    ],
    ['an unknown custom resource', { C: { Type: 'Custom::Thing' } }, /cannot run a Custom::Thing/],
    ['a property it does not know', { F: lambda('index.echo', { VpcConfig: {} }) }, /Service\.F:[\s\S]*VpcConfig/],
    ['another runtime', { F: lambda('index.echo', { Runtime: 'python3.13' }) }, /runtime python3\.13/],
    ['inline code', { F: lambda('index.echo', { Code: { ZipFile: 'x' } }) }, /inline code/],
  ])('%s', async (_, resources, message) => {
    await expect(start({}, resources)).rejects.toThrow(message);
  });

  test('and so is a folder without one', async () => {
    await expect(startStack({ stateDir: join(folder, 'state'), port: 0, templateDir: folder })).rejects.toThrow(
      /no CDK cloud assembly in/,
    );
  });
});

/** Runs a stack in a process of its own and gives its API's address and the process id of its function. */
async function startInProcess(): Promise<{ child: ChildProcess; sandboxPid: number }> {
  const script = fileURLToPath(new URL('../../fixtures/run-stack.ts', import.meta.url));
  const child = spawn(process.execPath, [script, join(folder, 'state'), join(folder, 'cdk.out')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [printed] = (await once(child.stdout!, 'data')) as [Buffer];
  const { pid } = (await (await fetch(`${printed.toString().trim()}/counts`)).json()) as { pid: number };
  return { child, sandboxPid: pid };
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('nothing keeps running', () => {
  test.each<NodeJS.Signals>(['SIGINT', 'SIGTERM'])('after %s, which ends the stack cleanly', async (signal) => {
    writeAssembly(join(folder, 'cdk.out'), service);
    const { child, sandboxPid } = await startInProcess();
    expect(isAlive(sandboxPid)).toBe(true);
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(isAlive(sandboxPid)).toBe(false);
    expect(existsSync(join(folder, 'state', 'lock.json'))).toBe(false);
  });

  test('after kill -9 of the stack: its functions notice', async () => {
    writeAssembly(join(folder, 'cdk.out'), service);
    const { child, sandboxPid } = await startInProcess();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect.poll(() => isAlive(sandboxPid), { timeout: 5000 }).toBe(false);
  });
});
