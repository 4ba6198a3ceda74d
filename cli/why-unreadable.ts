// Why a file cannot be read, in words: what people mistype most is told without the name of a system call.

/** @param cause what reading the file threw */
export function whyUnreadable(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EISDIR') return 'this is a folder; give a file';
  return `cannot be read: ${message}`;
}
