import { readFileSync, writeFileSync } from "node:fs";

/**
 * Adds to package-lock.json the optional packages of other platforms. npm leaves out those
 * that the registry at hand does not have (a mirror for one platform, say), and then
 * `npm ci` refuses the file. Run after `npm install`, by `npm run lock`.
 */
interface Entry {
  version?: string;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const systems = [
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "win32",
];
const processors: Record<string, string> = { arm: "arm", aarch64: "arm64", x86: "ia32" };

const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
  packages: Record<string, Entry>;
};

function platformOf(name: string): Pick<Entry, "os" | "cpu" | "libc"> {
  const words = name.split("/").at(-1)?.split(/[-.]/) ?? [];
  const os = systems.find((system) => words.includes(system));
  if (os === undefined) return { cpu: [words.at(-1) ?? "unknown"] };
  const cpu = words[words.indexOf(os) + 1] ?? "";
  const musl = words.some((word) => word.startsWith("musl")) && { libc: ["musl"] };
  return { os: [os], cpu: [processors[cpu] ?? cpu], ...musl };
}

for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    if (lock.packages[path] !== undefined || !/^\d/.test(version)) continue;
    lock.packages[path] = { version, optional: true, ...platformOf(name) };
  }
}

const sorted = Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1));
const text = JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2);
writeFileSync("package-lock.json", `${text}\n`);
