import { openiked72, openiked74 } from "./daemons/openiked.ts";
import { describePeer } from "./suite.ts";

describePeer(openiked72);
describePeer(openiked74);
