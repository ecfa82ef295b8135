/** A container image. */
export interface Image {
  readonly name: string;
  /** When a node fetches it: `Always`, `IfNotPresent`, `Never`. */
  readonly pullPolicy: string;
}

/** The fields of a container that name its image. */
export function runs({ name, pullPolicy }: Image) {
  return { image: name, imagePullPolicy: pullPolicy };
}
