import { libreswan4, libreswan5 } from "./daemons/libreswan.ts";
import { describePeer } from "./suite.ts";

describePeer(libreswan4);
describePeer(libreswan5);
