// A cursor over protobuf's wire format (https://protobuf.dev/programming-guides/encoding/) in a source of bytes. It
// holds a window of the source and skips what nobody wants without reading it. Readers are generators: they yield when
// the window is too short, so that a message of a thousand fields waits for the source once and not a thousand times.
import { DomainError } from '#core/errors.ts';
import type { ByteSource } from './byte-source.ts';

export type Reading<T> = Generator<void, T, void>;

export const wire = { varint: 0, fixed64: 1, length: 2, fixed32: 5 } as const;

/** Bytes of the window after a jump; it doubles while reading goes on near where it ended. */
const smallestRead = 16 * 1024;
const largestRead = 256 * 1024;
/** Bytes of a tag and of whatever follows it that is no content: length, integer or float. */
const headerBytes = 20;

export interface WireLimits {
  /** Bytes that are looked at, weights not among them. */
  readonly bytesRead: number;
  readonly fields: number;
}

export class WireCursor {
  position = 0;
  readonly #source: ByteSource;
  readonly #limits: WireLimits;
  #window = new Uint8Array(0);
  #view = new DataView(this.#window.buffer);
  #start = 0;
  #wanted = 0;
  #readAhead = smallestRead;
  #bytesRead = 0;
  #fields = 0;

  constructor(source: ByteSource, limits: WireLimits) {
    this.#source = source;
    this.#limits = limits;
  }

  get byteLength(): number {
    return this.#source.byteLength;
  }

  /** Runs a reader, filling the window whenever it asks.
   * @throws DomainError `invalid-model`, `unsupported-model` (over the limits) */
  async run<T>(reading: Reading<T>): Promise<T> {
    for (;;) {
      const step = reading.next();
      if (step.done) return step.value;
      await this.#fill();
    }
  }

  /** Every field of the message that ends at `end`. `visit` consumes the field's value, at once or by a reader. */
  *fields(end: number, visit: (field: number, wireType: number) => Reading<void> | undefined): Reading<void> {
    while (this.position < end) {
      if (this.isShort(headerBytes)) yield;
      this.count(1);
      const tag = this.varint(end);
      const reading = visit(Math.floor(tag / 8), tag % 8);
      if (reading) yield* reading;
      if (this.position > end) malformed(`a field at byte ${this.position} is longer than its message`);
    }
  }

  /** Fields, and numbers that are kept: what bounds the memory that a file can take. */
  count(fields: number): void {
    this.#fields += fields;
    if (this.#fields > this.#limits.fields) tooLarge(`more than ${this.#limits.fields} fields and numbers`);
  }

  /** Whether fewer than `count` of the next bytes are in the window, though the source has them. A reader yields
   * then. */
  isShort(count: number): boolean {
    const end = Math.min(this.position + count, this.byteLength);
    if (this.position >= this.#start && end <= this.#start + this.#window.length) return false;
    this.#wanted = count;
    return true;
  }

  /** An unsigned integer: a tag, a length, an enumeration. */
  varint(end: number): number {
    let value = 0;
    for (let scale = 1, bytes = 0; bytes < 10; bytes++, scale *= 128) {
      const byte = this.#byte(end);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return malformed(`a number at byte ${this.position} does not end`);
  }

  /** A signed integer of 64 bits, clipped to ±2^53. */
  int64(end: number): number {
    let low = 0;
    let high = 0;
    for (let bytes = 0; bytes < 10; bytes++) {
      const byte = this.#byte(end);
      if (bytes < 4) low += (byte & 127) * 128 ** bytes;
      else high += (byte & 127) * 128 ** (bytes - 4);
      if (byte < 128) {
        // 28 bits below, 36 above; the sign is bit 63.
        const signed = high >= 2 ** 35 ? (high % 2 ** 36) - 2 ** 36 : high;
        return clipped(signed * 2 ** 28 + low);
      }
    }
    return malformed(`a number at byte ${this.position} does not end`);
  }

  float32(end: number): number {
    const at = this.#take(4, end);
    return this.#view.getFloat32(at, true);
  }

  float64(end: number): number {
    const at = this.#take(8, end);
    return this.#view.getFloat64(at, true);
  }

  /** Reads the length of a string, a message or packed numbers. @returns where it ends */
  enter(end: number): number {
    const length = this.varint(end);
    if (length > end - this.position) malformed(`a field at byte ${this.position} is longer than its message`);
    return this.position + length;
  }

  skip(wireType: number, end: number): undefined {
    if (wireType === wire.varint) this.varint(end);
    else if (wireType === wire.fixed64) this.position += 8;
    else if (wireType === wire.length) this.position = this.enter(end);
    else if (wireType === wire.fixed32) this.position += 4;
    else malformed(`no field of one ends its tag at byte ${this.position} (wire type ${wireType})`);
  }

  /** The bytes up to `stop`. They are a copy. */
  *bytes(stop: number): Reading<Uint8Array> {
    const length = stop - this.position;
    if (this.isShort(length)) yield;
    const at = this.#take(length, stop);
    return this.#window.slice(at, at + length);
  }

  /** @param most in bytes; longer texts are refused, or cut where `cut` says so */
  *text(end: number, most: number, cut = false): Reading<string> {
    const stop = this.enter(end);
    if (stop - this.position > most && !cut) tooLarge(`a text of ${stop - this.position} bytes; at most ${most}`);
    const bytes = yield* this.bytes(Math.min(stop, this.position + most));
    this.position = stop;
    return decoder.decode(bytes);
  }

  #byte(end: number): number {
    return this.#window[this.#take(1, end)]!;
  }

  /** Moves over bytes that are in the window. @returns where they are in it */
  #take(count: number, end: number): number {
    const at = this.position - this.#start;
    this.position += count;
    if (this.position > end || at + count > this.#window.length) {
      malformed(`the file ends, or a message does, inside a field at byte ${this.position - count}`);
    }
    return at;
  }

  async #fill(): Promise<void> {
    const gap = this.position - (this.#start + this.#window.length);
    const goesOn = this.#window.length > 0 && gap <= this.#readAhead;
    this.#readAhead = goesOn ? Math.min(largestRead, 2 * this.#readAhead) : smallestRead;
    const end = Math.min(this.byteLength, this.position + Math.max(this.#wanted, this.#readAhead));
    this.#bytesRead += end - this.position;
    if (this.#bytesRead > this.#limits.bytesRead) tooLarge(`more than ${this.#limits.bytesRead} bytes beside weights`);
    this.#window = new Uint8Array(await this.#source.slice(this.position, end));
    if (this.#window.length < end - this.position) malformed('the source has fewer bytes than it says');
    this.#view = new DataView(this.#window.buffer, this.#window.byteOffset, this.#window.length);
    this.#start = this.position;
  }
}

/** Bytes that are no UTF-8 become replacement characters: names may be anything. */
const decoder = new TextDecoder();

/** A number held to ±2⁵³, where doubles still count. */
export function clipped(value: number): number {
  return Math.max(-(2 ** 53), Math.min(2 ** 53, value));
}

/** Ends reading.
 * @throws DomainError `invalid-model` with the reason */
export function malformed(reason: string): never {
  throw new DomainError('invalid-model', `this is no ONNX model: ${reason}`);
}

/** Ends reading.
 * @throws DomainError `unsupported-model` with the limit */
export function tooLarge(reason: string): never {
  throw new DomainError('unsupported-model', `the model is too large: ${reason}`);
}
