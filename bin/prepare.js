// Older ones do not know TypeScript, and would say so in words that help nobody.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  process.stderr.write(`ipman needs Node 24.12 or later, and this is ${process.versions.node}\n`);
  process.exit(2);
}
const { enableCompileCache } = await import("node:module");
enableCompileCache();
// A reader that left early (head, grep -q) is no failure of ours.
process.stdout.on("error", (error) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});
