// A name as part of a key or an id.

/** Lower-case ASCII words joined by `-`; accents are dropped, other letters are left out. May be empty. */
export function slug(value: string): string {
  return value
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
