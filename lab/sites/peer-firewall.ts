import { sh } from "./shell.ts";

/** Drops at the peer what matches one of the rules, before anything else; until it is undone. */
export function block(...rules: string[]): () => void {
  const nft = (text: string) => sh("ip", "netns", "exec", "peer", "nft", text);
  nft("add table ip block");
  nft("add chain ip block in { type filter hook prerouting priority -300; }");
  for (const rule of rules) nft(`add rule ip block in ${rule} drop`);
  return () => void nft("delete table ip block");
}
