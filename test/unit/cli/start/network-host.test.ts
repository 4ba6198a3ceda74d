// Under which address a start listens, and what is refused, on a made-up machine.
import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import { networkHost } from '#cli/start/network-host.ts';
import { welcome } from '#cli/start/welcome.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { StackError } from '#stack/stack-error.ts';

const address = (ip: string, family: 'IPv4' | 'IPv6' = 'IPv4') =>
  ({ address: ip, family, internal: ip.startsWith('127.') }) as NetworkInterfaceInfo;
const interfaces = {
  lo: [address('127.0.0.1'), address('::1', 'IPv6')],
  docker0: [address('172.17.0.1')],
  eth0: [address('fe80::1', 'IPv6'), address('192.168.1.20')],
  wlan0: [address('10.0.0.7')],
};
const names: Readonly<Record<string, string>> = {
  localhost: '127.0.0.1',
  laptop: '127.0.1.1',
  'laptop.local': '192.168.1.20',
  elsewhere: '93.184.215.14',
};
const lookup = async (name: string): Promise<string> => {
  const found = names[name];
  if (found === undefined) throw new Error('ENOTFOUND');
  return found;
};
const resolve = (given: string) => networkHost(given, { interfaces, lookup });

test.each([
  ['127.0.0.1', { listen: '127.0.0.1', name: '127.0.0.1', isLocal: true, others: [] }],
  ['localhost', { listen: '127.0.0.1', name: '127.0.0.1', isLocal: true, others: [] }],
  ['192.168.1.20', { listen: '192.168.1.20', name: '192.168.1.20', isLocal: false, others: [] }],
  ['laptop.local', { listen: '192.168.1.20', name: '192.168.1.20', isLocal: false, others: [] }],
  // A board is on a network, and not behind a bridge to containers.
  ['0.0.0.0', { listen: '0.0.0.0', name: '192.168.1.20', isLocal: false, others: ['10.0.0.7', '172.17.0.1'] }],
])('%s', async (given, expected) => {
  expect(await resolve(given)).toEqual(expected);
});

test.each([
  ['192.168.1.99', /^--host 192\.168\.1\.99: is no address of this machine; allowed: 192\.168\.1\.20, 10\.0\.0\.7, /],
  ['elsewhere', /stands for 93\.184\.215\.14, which is no address of this machine/],
  ['nowhere', /no address is known for this name/],
  ['laptop', /it stands for 127\.0\.1\.1, which nobody but this machine reaches/],
  ['::', /an IPv6 address; allowed: 192\.168\.1\.20/],
])('%s is refused with the addresses there are', async (given, message) => {
  await expect(resolve(given)).rejects.toThrow(StackError);
  await expect(resolve(given)).rejects.toThrow(message);
});

test('without a network nothing but this machine is offered', async () => {
  const alone = { interfaces: { lo: interfaces.lo }, lookup };
  await expect(networkHost('0.0.0.0', alone)).rejects.toThrow(/has no IPv4 address on a network/);
});

describe('what a start prints', () => {
  const request = {
    searchSpace: 'ofa',
    target: 'pi-b1-0',
    architectures: [searchSpace('ofa').example],
    budgetMs: 5,
  } as const;
  const facts = { tokens: { reader: 'sb_r', operator: 'sb_o' }, request, tables: [], state: '.sugarbush', seconds: 3 };

  test('on this machine alone: no word of others', async () => {
    const text = welcome({ ...facts, apiUrl: 'http://127.0.0.1:8787', host: await resolve('127.0.0.1') });
    expect(text).not.toMatch(/WARNING|other machines/);
  });

  test('on a network: the address that a board uses, in each line, and the warning', async () => {
    const text = welcome({ ...facts, apiUrl: 'http://192.168.1.20:8787', host: await resolve('0.0.0.0') });
    expect(text).toContain('curl -s http://192.168.1.20:8787/v1/predictions');
    expect(text).toContain('sugarbush-agent upload --api http://192.168.1.20:8787');
    expect(text).toContain('WARNING: this is plain HTTP.');
    expect(text).toContain('--host chooses: 10.0.0.7, 172.17.0.1.');
    expect(text).not.toContain('127.0.0.1');
  });
});
