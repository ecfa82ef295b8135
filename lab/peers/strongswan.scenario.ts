import { strongswan60, strongswan61 } from "./daemons/strongswan.ts";
import { describePeer } from "./suite.ts";

describePeer(strongswan60);
describePeer(strongswan61);
