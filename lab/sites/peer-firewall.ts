import { sh } from "./shell.ts";

/**
 * Drops packets at the peer that match one of the rules, before any other rule applies. Returns a
 * function that undoes it.
 */
export function block(...rules: string[]): () => void {
  const nft = (text: string) => sh("ip", "netns", "exec", "peer", "nft", text);
  nft("add table ip block");
  nft("add chain ip block in { type filter hook prerouting priority -300; }");
  for (const rule of rules) nft(`add rule ip block in ${rule} drop`);
  return () => void nft("delete table ip block");
}
