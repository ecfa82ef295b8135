/** The head of a line of klog: `E1127 00:25:25.123456   12345 memcache.go:265] `. */
const klog = /^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ [\w./-]+:\d+\] /;

/** `kubectl exec` prints the exit status of the command in the pod, and passes it on. */
const exitCode = /^command terminated with exit code \d+$/;

/** Whether a line of kubectl's messages repeats for developers what another line says. */
export function isNoise(line: string): boolean {
  return klog.test(line) || exitCode.test(line);
}

/** The messages of kubectl in one line, without noise; those of klog, if there are no others. */
export function withoutNoise(messages: string): string {
  const lines = messages.split("\n").filter((line) => line.trim() !== "");
  const kept = lines.filter((line) => !isNoise(line));
  return (kept.length > 0 ? kept : lines.map((line) => line.replace(klog, ""))).join("; ");
}
