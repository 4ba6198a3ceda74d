// Architectures between the service's text and the forms of other tools, for programs that search with those tools: the
// values as a program has them, or as text that Python or JSON wrote. Nothing is sent.
import { DomainError, type Issue } from '#core/errors.ts';
import { architectureForm } from '#core/search-space/forms/forms.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import { readLiteral } from '#core/text/read-literal.ts';

export interface Conversion {
  readonly searchSpace: SearchSpaceId;
  /** `text`, which the service takes, or a form of another tool, as docs/architectures.md lists them. */
  readonly from: string;
  readonly to: string;
}

/** How many of several wrong architectures are named. */
const namedIssues = 10;

/**
 * The same architectures in another form, in the same order: texts for the form `text`, else numbers, lists or objects.
 * @param architectures values of the form `from`, or texts of such values: `773` and `'773'` are the same index
 * @throws DomainError `invalid-request` for a form that the search space has not; `invalid-architecture`, whose issues
 * name up to ten architectures by their place in the list
 */
export function convertArchitectures(
  architectures: readonly unknown[],
  { searchSpace, from, to }: Conversion,
): unknown[] {
  const [source, target] = [architectureForm(searchSpace, from), architectureForm(searchSpace, to)];
  const issues: Issue[] = [];
  const converted = architectures.map((given, index) => {
    try {
      const value = from !== 'text' && typeof given === 'string' ? readLiteral(given) : given;
      return target.write(source.read(value));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      issues.push({ path: `architectures/${index}`, message: error.message });
      return undefined;
    }
  });
  if (issues.length === 0) return converted;
  const [first] = issues;
  throw new DomainError(
    'invalid-architecture',
    `${issues.length} of ${architectures.length} architectures are not of form '${from}'; ` +
      `${first!.path}: ${first!.message}`,
    { issues: issues.slice(0, namedIssues) },
  );
}
