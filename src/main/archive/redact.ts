/**
 * Matches everything that looks like a secret: none is gathered on purpose, but logs and names may
 * have one.
 */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g, "(removed)"],
  // Values by the names that swanctl, Kubernetes and people use, in YAML, JSON and conf files.
  [
    /((?:^|[\s"'{,])[\w.-]*(?:secret|password|passphrase|psk|token|shared[_-]?key)["']?\s*[:=]\s*)(?!\{|\[|$|null\b|true\b|false\b)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,}\]]+)/gim,
    "$1(removed)",
  ],
  [/(Bearer\s+)[\w.~+/-]+=*/g, "$1(removed)"],
];

/** A text without its secrets. */
export function withoutSecrets(text: string): string {
  return patterns.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text);
}
