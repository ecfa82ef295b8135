/** Whatever looks like a secret, whoever wrote it there: none is gathered on purpose. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g, "(removed)"],
  // By the names that swanctl, Kubernetes and people give them, in YAML, JSON and conf files.
  [
    /((?:^|[\s"'{,])[\w.-]*(?:secret|password|passphrase|psk|token|shared[_-]?key)["']?\s*[:=]\s*)(?!\{|\[|$|null\b|true\b|false\b)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,}\]]+)/gim,
    "$1(removed)",
  ],
  [/(Bearer\s+)[\w.~+/-]+=*/g, "$1(removed)"],
];

/** A text with each of them taken out. */
export function withoutSecrets(text: string): string {
  return patterns.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text);
}
