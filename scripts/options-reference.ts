import { authenticationOptions } from "../src/model/charon/options/authentication-options.ts";
import type { CharonOption } from "../src/model/charon/options/charon-option.ts";
import { childOptions } from "../src/model/charon/options/child-options.ts";
import { connectionOptions } from "../src/model/charon/options/connection-options.ts";
import { ipsecConfOptions } from "../src/model/charon/options/ipsec-conf.ts";
import type { VersionRange } from "../src/model/charon/proposals/charon-version.ts";
import { keywords, type Transform } from "../src/model/charon/proposals/keywords.ts";

type Options = Readonly<Record<string, CharonOption>>;

/** docs/options.md: the options of charon in a manifest, from their table. */
export function optionsReference(): string {
  return `${[
    head,
    section("Options of a connection", "In `spec.extra`.", optionTable(connectionOptions)),
    section("Options of a child", "In `spec.children.*.extra`.", optionTable(childOptions)),
    section("Refused options", refusedText, refusedTable()),
    section("Proposals", proposalsText, keywordTable()),
    section("Migrating from ipsec.conf", ipsecConfText, ipsecConfTable()),
  ].join("\n\n")}\n`;
}

const head = `# Options of charon

\`npm run api\` generates this page from the table by which \`ipman validate\`, the webhook and the agent
check \`extra\`. Names and values are those of swanctl.conf; values are strings, so numbers and flags need
quotes in YAML, and lists are separated by commas. ipman ignores the case of names.

- A value that charon rejects is refused, and so is an option that cannot work in a tunnel of ipman, an
  option at the wrong level, and an option of ipsec.conf. The message says what to write instead.
- Numbers are decimal and without leading zeros: charon reads \`010\` as 8, and an empty text as 0.
- An option or a value that only some versions of charon know is accepted with a warning, which
  \`ipman validate\` prints and \`kubectl apply\` shows. So is an option that ipman does not know: it is
  forwarded, and a charon that does not know it either rejects the connection (\`ConfigRejected\`).
- ipman asks each charon for its version and algorithms. It leaves out the proposals that this charon does
  not support; the condition \`CharonReady\` names them. If none remains, the charon does not get the
  connection (\`AlgorithmUnsupported\`).
- A child with \`life_time\` and without \`rekey_time\` is rekeyed a tenth before its end. With
  \`rekey_time\`, but without \`rand_time\`, the random time is at most a tenth of it where charon's
  default, \`life_time\` less \`rekey_time\`, is longer: charon 5.9.8 would rekey again and again. Both
  hold for \`bytes\` and \`packets\`, too.
- A connection without \`over_time\` has a tenth of its longest lifetime, as charon's default is, but at
  most five minutes: a peer may announce a lifetime of the authentication (RFC 4478), and charon
  reauthenticates \`over_time\` before its end. If a peer announces less than five minutes, declare an
  \`over_time\` that is shorter.
- A reauthentication establishes the new SAs before it ends the old ones where charon's setting
  \`make_before_break\` is on: in the images of ipman, and by default since charon 6.0.`;

const refusedText =
  "charon knows these options, and ipman refuses them: it sets them itself, or they cannot work.";

const proposalsText = `The keywords of charon, joined by dashes; charon minds their case. An IKE proposal has a cipher, an
integrity algorithm or a pseudo-random function, and a group. An ESP proposal has a cipher with integrity;
a group in it means perfect forward secrecy, and \`none\` beside a group makes that optional. A cipher with
built-in integrity needs no integrity algorithm, and may not be mixed with other ciphers. \`default\` stands
for the algorithms that charon considers safe.`;

const ipsecConfText = `\`extra\` with an option of ipsec.conf is refused with the option and the value to use. Most partners'
examples translate like this:`;

function section(title: string, text: string, table: string): string {
  return `## ${title}\n\n${text}\n\n${table}`;
}

function optionTable(options: Options): string {
  const rows = Object.entries(options)
    .filter(([, { refused }]) => refused === undefined)
    .map(([name, option]) => [`\`${name}\``, valuesText(option), remarkText(option)]);
  return tableOf(["option", "values", "remarks"], rows);
}

function valuesText({ kind, list, limit }: CharonOption): string {
  if (limit !== undefined) return limit.to;
  return list === true ? `list of ${kind.name}` : kind.name;
}

function remarkText({ handled, versions = {}, kind, remark = "" }: CharonOption): string {
  if (handled !== undefined) return `Handled by ipman: ${handled}.`;
  const newer = (kind.words ?? []).flatMap((word) => {
    const range = rangeText(kind.acceptedBy(word) ?? {});
    return range === "" ? [] : [`\`${word}\`: ${range}`];
  });
  return [remark, rangeText(versions), ...newer].filter((part) => part !== "").join(", ");
}

function rangeText({ since, before }: VersionRange): string {
  if (since !== undefined) return `since charon ${since}`;
  return before === undefined ? "" : `before charon ${before}`;
}

function refusedTable(): string {
  const places = [
    ["connection", connectionOptions],
    ["child", childOptions],
  ] as const;
  const rows = places.flatMap(([place, options]) =>
    [...byReason(options)].map(([reason, names]) => [codes(names), place, reason]),
  );
  const own = "ipman sets this itself: use localId, remoteId and secretRef";
  return tableOf(
    ["options", "of", "reason and remedy"],
    [...rows, [codes(Object.keys(authenticationOptions)), "`local`, `remote`", own]],
  );
}

function byReason(options: Options): Map<string, string[]> {
  const reasons = new Map<string, string[]>();
  for (const [name, { refused }] of Object.entries(options)) {
    if (refused === undefined) continue;
    reasons.set(refused, [...(reasons.get(refused) ?? []), name]);
  }
  return reasons;
}

function keywordTable(): string {
  const titles: Readonly<Record<Transform, string>> = {
    cipher: "cipher",
    aead: "cipher with built-in integrity",
    integrity: "integrity",
    prf: "pseudo-random function",
    group: "group",
    "additional group": "additional key exchange",
    esn: "extended sequence numbers",
  };
  const groups = Map.groupBy(
    keywords,
    ([, { transform, versions }]) => `${titles[transform]}|${rangeText(versions)}`,
  );
  const rows = [...groups].map(([title, members]) => {
    const [kind = "", range = ""] = title.split("|");
    return [kind, codes(members.map(([word]) => word)), range];
  });
  const additional = [
    titles["additional group"],
    "`ke1_` to `ke7_` and a group",
    "since charon 6.0.0",
  ];
  return tableOf(["kind", "keywords", "versions"], [...rows, additional]);
}

function ipsecConfTable(): string {
  const rows = Object.entries(ipsecConfOptions).map(([name, { example, remedy }]) => [
    `\`${name}=${example}\``,
    remedy(example),
  ]);
  return tableOf(["ipsec.conf", "manifest"], rows);
}

function codes(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(", ");
}

function tableOf(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(titles), `|${"---|".repeat(titles.length)}`, ...rows.map(line)].join("\n");
}
