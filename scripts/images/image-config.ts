/** The field `config` of OCI's image specification: how to run an image. */
export interface ImageSettings {
  readonly Labels?: Readonly<Record<string, string>>;
}

/** The facts about a build. */
export interface Build {
  /** The tag of the image. */
  readonly version: string;
  readonly created: Date;
  /** The commit; empty if it is unknown. */
  readonly revision: string;
  readonly architecture: string;
}

const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/**
 * The configuration of an image, with its labels. The digests are those of the uncompressed layers.
 */
export function imageConfig(settings: ImageSettings, build: Build, digests: readonly string[]) {
  const { version, created, revision } = build;
  const architecture = architectures[build.architecture];
  if (architecture === undefined) throw new Error(`no image for ${build.architecture}`);
  const time = created.toISOString().replace(".000Z", "Z");
  const labels = {
    ...settings.Labels,
    "org.opencontainers.image.version": version,
    "org.opencontainers.image.created": time,
    ...(revision === "" ? {} : { "org.opencontainers.image.revision": revision }),
  };
  return {
    architecture,
    os: "linux",
    created: time,
    config: { ...settings, Labels: labels },
    rootfs: { type: "layers", diff_ids: digests.map((digest) => `sha256:${digest}`) },
  };
}
