// Under which address the service listens and is reached by others: a board on the same network, or this machine alone.
// Addresses are IPv4: the AWS SDK signs for path-style addresses of storage there, and a name would need a subdomain.
import { isIPv4, isIPv6 } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import { StackError } from '#stack/stack-error.ts';

export interface NetworkHost {
  /** What is listened on: an address of this machine, or all of them. */
  readonly listen: string;
  /** What others call it by, in every address that is printed or signed. */
  readonly name: string;
  /** Nobody else on the network reaches it. */
  readonly isLocal: boolean;
  /** Further addresses of this machine, where all of them are listened on. */
  readonly others: readonly string[];
}

export interface HostPorts {
  /** As `os.networkInterfaces` gives them. */
  readonly interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;
  /** The IPv4 address of a name; rejects where there is none. */
  readonly lookup: (name: string) => Promise<string>;
}

const isLoopback = (address: string): boolean => address.startsWith('127.');
/** Bridges to containers and virtual machines, and tunnels: a board is rarely behind them. */
const isVirtual = (name: string): boolean =>
  /^(docker|br-|veth|virbr|vmnet|vboxnet|tun|tap|utun|wg|cni|flannel)/.test(name);

/**
 * @param given an IPv4 address of this machine, a name of it, or 0.0.0.0 for all of its addresses
 * @throws StackError for anything else, with the addresses there are
 */
export async function networkHost(given: string, { interfaces, lookup }: HostPorts): Promise<NetworkHost> {
  const found = Object.entries(interfaces)
    .toSorted(([a], [b]) => Number(isVirtual(a)) - Number(isVirtual(b)))
    .flatMap(([, each = []]) => each.filter(({ family }) => family === 'IPv4').map(({ address }) => address));
  const reachable = found.filter((address) => !isLoopback(address));
  const choices = [...reachable, '0.0.0.0 for all of them', '127.0.0.1 for this machine alone'];
  const allowed = `allowed: ${choices.join(', ')}`;
  if (given === '0.0.0.0') {
    const [name, ...others] = reachable;
    if (name === undefined) {
      const message = `--host ${given}: this machine has no IPv4 address on a network`;
      throw new StackError(`${message}; ${allowed}`);
    }
    return { listen: given, name, isLocal: false, others };
  }
  if (isIPv6(given)) throw new StackError(`--host ${given}: an IPv6 address; ${allowed}`);
  const address = isIPv4(given) ? given : await addressOf(given, lookup, allowed);
  if (isLoopback(address) && !isIPv4(given) && given !== 'localhost') {
    const message = `--host ${given}: it stands for ${address}, which nobody but this machine reaches; ${allowed}`;
    throw new StackError(message);
  }
  if (!isLoopback(address) && !found.includes(address)) {
    const named = address === given ? '' : ` stands for ${address}, which`;
    throw new StackError(`--host ${given}:${named} is no address of this machine; ${allowed}`);
  }
  return { listen: address, name: address, isLocal: isLoopback(address), others: [] };
}

async function addressOf(name: string, lookup: HostPorts['lookup'], allowed: string): Promise<string> {
  try {
    return await lookup(name);
  } catch (cause) {
    throw new StackError(`--host ${name}: no address is known for this name; ${allowed}`, { cause });
  }
}
