import type { CaseName } from "./case-names.ts";
import type { PeerSite } from "../peer-site.ts";

/** One case: it leaves no tunnel but the first one, which stays up. */
export type Run = (site: PeerSite) => Promise<void>;

/** Cases by their names. */
export type Cases = Readonly<Partial<Record<CaseName, Run>>>;
