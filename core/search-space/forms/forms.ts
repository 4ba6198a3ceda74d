// The forms in which other tools name architectures, by search space, and the way between any two of them. `text` is
// the form that the service takes (docs/architectures.md).
import { DomainError } from '#core/errors.ts';
import { searchSpace } from '../registry.ts';
import type { SearchSpaceId } from '../search-space.ts';
import { fbnetForms } from './fbnet-forms.ts';
import { type ArchitectureForm, notOfForm } from './form.ts';
import { nasbench201Forms } from './nasbench201-forms.ts';
import { ofaForms } from './ofa-forms.ts';

/** A search space that no other tool writes has none. */
const foreignForms: Readonly<Partial<Record<SearchSpaceId, readonly ArchitectureForm[]>>> = {
  nasbench201: nasbench201Forms,
  fbnet: fbnetForms,
  ofa: ofaForms,
};

/** All forms of a search space, its own text first. @throws DomainError `unknown-search-space` */
export function architectureForms(id: SearchSpaceId): readonly ArchitectureForm[] {
  const space = searchSpace(id);
  const own: ArchitectureForm = {
    name: 'text',
    of: 'Sugarbush',
    example: space.example,
    read(value) {
      if (typeof value !== 'string') throw notOfForm('text', 'the value', value, `a text such as ${space.example}`);
      return space.parse(value);
    },
    write: (architecture) => space.format(architecture),
  };
  return [own, ...(foreignForms[id] ?? [])];
}

/** Names of forms, of one search space or of all. */
export const formNames = (ids: readonly SearchSpaceId[]): string[] => [
  ...new Set(ids.flatMap((id) => architectureForms(id).map(({ name }) => name))),
];

/**
 * A form of a search space by its name.
 * @throws DomainError `invalid-request`, naming those there are
 */
export function architectureForm(id: SearchSpaceId, name: string): ArchitectureForm {
  const form = architectureForms(id).find((each) => each.name === name);
  if (form !== undefined) return form;
  const message = `search space '${id}' has no form '${name}'; allowed: ${formNames([id]).join(', ')}`;
  throw new DomainError('invalid-request', message, { issues: [{ path: 'form', message }] });
}
