import { isAscii } from "node:buffer";
import { ViciError } from "./errors.ts";
import { Element, type Message, type Value } from "./message.ts";
import { Names } from "./names.ts";
import { sectionOf, type Member } from "./sections.ts";

/** How {@link decodeMessage} decodes values. */
export interface DecodeOptions {
  /**
   * `true` decodes every value as bytes, a set only the values of the names in it, such as a
   * certificate's `data`. All other values are decoded as UTF-8 text.
   */
  readonly bytes?: boolean | ReadonlySet<string>;
}

/** The names of key-values and lists; most names of sections are of connections and children. */
const vocabulary = new Names();

/**
 * Decodes the message in `bytes`, which contain neither packet type nor length.
 *
 * @throws {ViciError} `malformed` if the bytes end early, are nested wrongly or contain an
 *   element type that VICI does not have. Nothing beyond `bytes` is read.
 */
export function decodeMessage(bytes: Uint8Array, options: DecodeOptions = {}): Message {
  return new Decoder(bytes, options.bytes ?? false).message();
}

class Decoder {
  readonly #bytes: Uint8Array;
  readonly #asBytes: boolean | ReadonlySet<string>;
  /** The whole message as one string: a substring is cheaper than decoding each value. */
  readonly #latin1: string;
  /** Whether every value is ASCII, so that latin1 equals UTF-8. */
  readonly #ascii: boolean;
  /** Names and members of the open sections, those of the innermost section last. */
  readonly #names: string[] = [];
  readonly #members: Member[] = [];
  #at = 0;

  constructor(bytes: Uint8Array, asBytes: boolean | ReadonlySet<string>) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#bytes = bytes;
    this.#asBytes = asBytes;
    this.#latin1 = buffer.toString("latin1");
    this.#ascii = isAscii(bytes);
  }

  message(): Message {
    const bytes = this.#bytes;
    /** The indices at which the open sections begin. */
    const open: number[] = [];
    let base = 0;
    while (this.#at < bytes.length) {
      const type = bytes[this.#at++];
      if (type === Element.keyValue) {
        const name = this.#name();
        this.#put(name, this.#value(name));
      } else if (type === Element.sectionStart) {
        this.#put(this.#sectionName(), "");
        open.push(base);
        base = this.#names.length;
      } else if (type === Element.sectionEnd) {
        const outer = open.pop();
        if (outer === undefined) throw this.#malformed("a section ends that did not start");
        const section = this.#section(base);
        this.#members[base - 1] = section;
        base = outer;
      } else if (type === Element.listStart) {
        const name = this.#name();
        this.#put(name, this.#list(name));
      } else {
        throw this.#malformed(`unexpected element type ${type}`);
      }
    }
    if (open.length > 0) throw this.#malformed("the message ends inside a section");
    return this.#section(0);
  }

  #put(name: string, member: Member): void {
    this.#names.push(name);
    this.#members.push(member);
  }

  #section(base: number): Message {
    const section = sectionOf(this.#names, this.#members, base);
    this.#names.length = base;
    this.#members.length = base;
    return section;
  }

  #list(name: string): Value[] {
    const items: Value[] = [];
    for (;;) {
      const type = this.#bytes[this.#at++];
      if (type === Element.listItem) items.push(this.#value(name));
      else if (type === Element.listEnd) return items;
      else if (type === undefined) throw this.#malformed("the message ends inside a list");
      else throw this.#malformed(`element type ${type} in a list`);
    }
  }

  #name(): string {
    const bytes = this.#bytes;
    const size = this.#nameSize();
    const start = this.#at + 1;
    if (size === 0 || start + size > bytes.length) return this.#text(start, size);
    const known = vocabulary.find(bytes, start, size);
    if (known !== undefined) {
      this.#at = start + size;
      return known;
    }
    const name = this.#text(start, size);
    vocabulary.keep(bytes, start, size, name);
    return name;
  }

  #sectionName(): string {
    return this.#text(this.#at + 1, this.#nameSize());
  }

  #nameSize(): number {
    const size = this.#bytes[this.#at];
    if (size === undefined) throw this.#malformed("the message ends inside a name");
    return size;
  }

  #value(name: string): Value {
    const bytes = this.#bytes;
    const high = bytes[this.#at];
    const low = bytes[this.#at + 1];
    if (high === undefined || low === undefined) {
      throw this.#malformed("the message ends inside a value");
    }
    const start = this.#at + 2;
    const size = (high << 8) | low;
    const asBytes = this.#asBytes;
    if (asBytes === false) return this.#text(start, size);
    return asBytes === true || asBytes.has(name) ? this.#raw(start, size) : this.#text(start, size);
  }

  #raw(start: number, size: number): Uint8Array {
    this.#advance(start + size);
    return new Uint8Array(this.#bytes.subarray(start, start + size));
  }

  #text(start: number, size: number): string {
    const end = start + size;
    this.#advance(end);
    if (this.#ascii || this.#isAscii(start, end)) return this.#latin1.substring(start, end);
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, size).toString("utf8");
  }

  #isAscii(start: number, end: number): boolean {
    for (let i = start; i < end; i++) if ((this.#bytes[i] as number) > 0x7f) return false;
    return true;
  }

  #advance(end: number): void {
    if (end > this.#bytes.length) {
      throw this.#malformed(`${end - this.#bytes.length} bytes are missing`);
    }
    this.#at = end;
  }

  #malformed(what: string): ViciError {
    return new ViciError("decode", "malformed", `${what} (byte ${this.#at})`);
  }
}
