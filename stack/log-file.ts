// A log that a full disk does not end: lines that find no space are dropped, and the next one that does says how many.
import { closeSync, openSync, writeSync } from 'node:fs';
import { isDiskFull, sayDiskFull } from './full-disk.ts';

export class LogFile {
  /** For processes that write into the same log. */
  readonly descriptor: number;
  #dropped = 0;

  /** Appends to the file, which is made if it is missing. @throws the file system's own error */
  constructor(file: string) {
    this.descriptor = openSync(file, 'a');
  }

  /** @throws the file system's own error, but for a full disk */
  write(line: string): void {
    // The beginning of a line that found no space may be there.
    const missing = this.#dropped === 0 ? '' : `\n${this.#dropped} lines are missing here: the disk was full.\n`;
    const text = `${missing}${line}\n`;
    try {
      if (writeSync(this.descriptor, text) === Buffer.byteLength(text)) this.#dropped = 0;
      else this.#dropped++;
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      this.#dropped++;
      sayDiskFull('Lines of the logs are dropped.');
    }
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
