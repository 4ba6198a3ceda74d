// How one target's session is cut into runs of the agent, so that kinds of networks alternate over its time, a session
// that is stopped keeps what it has, and the same networks are measured at its start and at its end. Pure.

export interface SessionSize {
  /** Networks of NAS-Bench-201, of FBNet and of Once-for-All (each), and models of the zoo, over the whole session. */
  readonly cells: number;
  readonly mobile: number;
  readonly zoo: number;
  /** Into how many rounds they are cut. */
  readonly rounds: number;
  /** How many of each of the four kinds are measured at the start and at the end, too. */
  readonly repeats: number;
  readonly seed: number;
}

export interface SessionPart {
  /** Name of its profile's file. */
  readonly name: string;
  /** Options of `sugarbush-agent profile`. */
  readonly options: readonly string[];
  /** Networks and operators in it, to tell how long it may take. */
  readonly count: number;
}

/** Operators of the list `standard`. */
const operatorCount = 64;

/** In order of time: `start`, the rounds (`cells-N` and `others-N`; the descriptor is measured with the first), `end`.
 * @param zoo paths of ONNX files; the first `size.zoo` are measured */
export function sessionParts(size: SessionSize, zoo: readonly string[]): SessionPart[] {
  const models = zoo.slice(0, size.zoo);
  const repeated = (name: string): SessionPart =>
    part(name, { cells: size.repeats, mobile: size.repeats, models: models.slice(0, size.repeats) }, size.seed);
  const rounds = Array.from({ length: size.rounds }, (_, round): SessionPart[] => {
    const share = <T>(all: readonly T[]): readonly T[] => all.filter((_, at) => at % size.rounds === round);
    const countOf = (count: number): number => share(Array.from({ length: count })).length;
    const seed = size.seed + round;
    const cells = part(`cells-${round}`, { cells: countOf(size.cells), mobile: 0, models: [] }, seed, round === 0);
    const others = { cells: 0, mobile: countOf(size.mobile), models: share(models) };
    return [cells, part(`others-${round}`, others, seed)];
  });
  return [repeated('start'), ...rounds.flat(), repeated('end')].filter(({ count }) => count > 0);
}

interface Share {
  readonly cells: number;
  readonly mobile: number;
  readonly models: readonly string[];
}

function part(name: string, { cells, mobile, models }: Share, seed: number, isDescribed = false): SessionPart {
  const spaces = [...(cells > 0 ? ['nasbench201'] : []), ...(mobile > 0 ? ['fbnet', 'ofa'] : [])];
  const options = [
    ...spaces.flatMap((space) => ['--search-space', space]),
    ...(spaces.length > 0 ? ['--support-set', String(cells || mobile)] : []),
    ...(models.length > 0 ? ['--models', ...models] : []),
    ...(isDescribed ? ['--operators', 'standard'] : ['--no-descriptor']),
    ...['--seed', String(seed)],
  ];
  return { name, options, count: cells + 2 * mobile + models.length + (isDescribed ? operatorCount : 0) };
}
