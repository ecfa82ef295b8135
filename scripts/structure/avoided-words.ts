import { namesOf, proseOf, type Prose } from "./prose.ts";

/** A word that the house style avoids, with the words to use instead. */
interface AvoidedWord {
  readonly pattern: RegExp;
  readonly use: string;
}

const avoided: readonly AvoidedWord[] = [
  { pattern: /\b(nobody|somebody|whoever)\b/i, use: "the component or person that acts" },
  { pattern: /\banew\b/i, use: "again, or a new one" },
  { pattern: /\bthereof\b/i, use: "of it" },
  { pattern: /(?<!\bthere )\b(is|are) no (?!longer\b|more\b)/i, use: "is not a, are not" },
  { pattern: /\b(tell|tells|told|telling)\b/i, use: "report, notify, emit, handle, say" },
  { pattern: /\blets? go\b/i, use: "release, remove" },
  { pattern: /\b(news|happenings?)\b/i, use: "event" },
  { pattern: /\bfigures\b/i, use: "statistics, numbers" },
  { pattern: /\b(mend|mends|mended|mending)\b/i, use: "repair" },
  { pattern: /\bcarriers?\b/i, use: "group pods, worker" },
  { pattern: /\b(books?|shelf|ledgers?)\b/i, use: "reservation store" },
  { pattern: /\bleft-?overs?\b/i, use: "orphaned" },
  { pattern: /\brestless\b/i, use: "debouncer" },
  { pattern: /\bhead start\b/i, use: "gateway-first delay" },
  { pattern: /(?<!\b(?:SPDX|YAML|JSON) )\bdocuments?\b/i, use: "manifest" },
  { pattern: /\borders? (?:(?:the|an?|its|their|new) )?(?:CHILD |IKE )?SAs?\b/, use: "initiate" },
  {
    pattern:
      /(?:^\s*|[.!?:]\s+|\n\s*\n\s*|(?:^|\n)\s*(?:[-*]|\d\.|#+)\s+(?:\*\*)?|\|\s*)(?:What|Of|Where|Those)\b(?![^.!?]*\?)/,
    use: "a sentence that begins with its subject",
  },
];

/** The words that the house style avoids in names; its glossary has the words to use instead. */
const avoidedInNames: readonly AvoidedWord[] = [
  {
    pattern:
      /\b(nobody|somebody|tell|tells|told|news|figures|mended|remembered|attention|restless|leftovers|carriers?|ledger|books?|shelf|stamp|stock|turns|head start)\b/,
    use: "the word of the glossary",
  },
];

/** The files whose prose is checked, as patterns of globs. */
export const textFiles: readonly string[] = [
  "*.md",
  "docs/*.md",
  "charts/**/*.{md,txt,tpl,yaml,json}",
  "packages/*/src/*.ts",
  "{bench,lab,scripts,src,test}/**/*.ts",
];

/** Correct uses of an avoided word, each with its reason. */
const allowed: readonly { readonly path: RegExp; readonly word: RegExp; readonly why: string }[] = [
  {
    path: /^scripts\/structure\/avoided-words(\.test)?\.ts$/,
    word: /./,
    why: "the patterns themselves",
  },
  {
    path: /^bench\/page\/main\.ts$/,
    word: /^document$/,
    why: "the object of the browser's API",
  },
  {
    path: /^scripts\/images\/spdx-document(\.test)?\.ts$/,
    word: /^DOCUMENT$/,
    why: "a fixed identifier of SPDX",
  },
];

/** A place that uses an avoided word. */
export interface Avoidance {
  readonly line: number;
  readonly word: string;
  readonly use: string;
}

/**
 * The avoided words in the prose and in the declared names of a file.
 *
 * @param path relative to the repository
 */
export function avoidedWordsIn(path: string, text: string): Avoidance[] {
  const search = (prose: Prose, words: readonly AvoidedWord[]) =>
    words.flatMap(({ pattern, use }) =>
      [...prose.text.matchAll(new RegExp(pattern, `g${pattern.flags}`))].map((match) => {
        const word = match[0].trim().replaceAll(/\s+/g, " ");
        const at = prose.offset + match.index + match[0].search(/\S/);
        return { line: text.slice(0, at).split("\n").length, word, use };
      }),
    );
  return [
    ...proseOf(path, text).flatMap((prose) => search(prose, avoided)),
    ...namesOf(path, text).flatMap((name) => search(name, avoidedInNames)),
  ].filter(({ word }) => !allowed.some((use) => use.path.test(path) && use.word.test(word)));
}
