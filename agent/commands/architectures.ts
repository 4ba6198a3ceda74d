// Which networks to measure: from a file, from the service, or, without one, drawn with a seed.
import { readFileSync } from 'node:fs';
import { profileLimits } from '#core/dataset/profile.ts';
import { DomainError } from '#core/errors.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import type { Workload } from '#core/search-space/workload.ts';
import type { PlannedNetwork } from '../profile/measure-profile.ts';
import type { Service, Suggested } from '../upload/service.ts';

const mostDrawn = 20_000;

export interface ChosenNetworks {
  readonly networks: PlannedNetwork[];
  /** Hashes of the graphs of standard networks, each once. */
  readonly standard: string[];
}

/** What to measure for each workload, one workload after the other.
 * @param choice a number for each workload, or the path of a file, which must be of the one search space there is
 * @throws as `chooseArchitectures` */
export async function chooseNetworks(
  choice: string,
  workloads: readonly Workload[],
  ...rest: [seed: number, asked: Asked | undefined]
): Promise<ChosenNetworks> {
  const networks: PlannedNetwork[] = [];
  const standard = new Set<string>();
  for (const [workload, each] of workloads.entries()) {
    const chosen = await choose(choice, each, ...rest);
    networks.push(...chosen.architectures.map((architecture) => ({ workload, architecture })));
    for (const id of chosen.standard) standard.add(id);
  }
  const { measurements: most } = profileLimits;
  if (networks.length <= most) return { networks, standard: [...standard] };
  throw new DomainError('invalid-usage', `--support-set: ${networks.length} networks; a profile holds ${most}`);
}

export interface Asked {
  readonly service: Service;
  readonly targetId: string;
  /** Whether the service may name standard networks beside architectures. */
  readonly standard: boolean;
}

async function choose(choice: string, workload: Workload, seed: number, asked: Asked | undefined): Promise<Suggested> {
  if (asked === undefined || !isNumber(choice)) {
    return { architectures: chooseArchitectures(choice, workload, seed), standard: [] };
  }
  const { service, targetId, standard } = asked;
  const suggested = await service.supportSet(workload, countOf(choice), targetId, standard);
  const space = searchSpace(workload.searchSpace);
  const architectures = unique(suggested.architectures.map((text) => space.format(space.parse(text))));
  return { ...suggested, architectures };
}

/** Without a service.
 * @param choice a number, or the path of a file with one architecture a line (empty lines and # lines are passed over)
 * @returns distinct, valid, in canonical text
 * @throws DomainError `invalid-architecture` with file and line, `invalid-usage` */
export function chooseArchitectures(choice: string, workload: Workload, seed: number): string[] {
  const { searchSpace: spaceId } = workload;
  const space = searchSpace(spaceId);
  if (!isNumber(choice)) return readArchitectures(choice, spaceId);
  const count = countOf(choice);
  const random = seededRandom(seed);
  const drawn = new Set<string>();
  for (let i = 0; drawn.size < count && i < 100 * count; i++) {
    const architecture = space.sample(random);
    if (space.isConnected(architecture)) drawn.add(space.format(architecture));
  }
  return [...drawn];
}

const isNumber = (choice: string): boolean => /^\d+$/.test(choice);

function countOf(choice: string): number {
  const count = Number(choice);
  if (count >= 1 && count <= mostDrawn) return count;
  throw new DomainError('invalid-usage', `--support-set ${choice}: from 1 to ${mostDrawn}, or a file`);
}

function readArchitectures(file: string, spaceId: SearchSpaceId): string[] {
  const space = searchSpace(spaceId);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new DomainError('invalid-usage', `--support-set ${file}: the file cannot be read`, { cause });
  }
  const architectures = text.split(/\r?\n/).flatMap((line, i) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    try {
      return [space.format(space.parse(trimmed))];
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DomainError('invalid-architecture', `${file}, line ${i + 1}: ${reason}`, { cause });
    }
  });
  if (architectures.length === 0)
    throw new DomainError('invalid-usage', `--support-set ${file}: no architecture in it`);
  return unique(architectures);
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
