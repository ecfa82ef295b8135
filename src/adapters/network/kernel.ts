import { linuxSysctls, type Sysctls } from "../linux/sysctls.ts";
import { linuxFilters, type FilterAccess } from "../nftables/requirements.ts";

/** The parts of the system by which plans are applied. A test passes a simulated kernel. */
export interface Kernel extends FilterAccess {
  readonly sysctls: Sysctls;
}

/** This machine. */
export const linux: Kernel = { ...linuxFilters, sysctls: linuxSysctls };
