import type { Metafile } from "esbuild";

const pattern = /^((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)\//;

/** The folders of the packages whose code is in a bundle, sorted, as paths from its root. */
export function packageFolders(metafile: Metafile): string[] {
  const files = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([file]) => file),
  );
  const folders = files.flatMap((file) => pattern.exec(file)?.[1] ?? []);
  return [...new Set(folders)].sort();
}
