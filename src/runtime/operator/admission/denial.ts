/** The denial of an admission request, with a message for the author of the object. */
export class Denial extends Error {
  override readonly name = "Denial";
  /** The HTTP status of the answer. */
  readonly code: number;

  constructor(message: string, code = 403) {
    super(message);
    this.code = code;
  }
}
