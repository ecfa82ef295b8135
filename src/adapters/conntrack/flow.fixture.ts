/** Parses annotated bytes: everything after `#` is a comment. */
function annotated(text: string): Buffer {
  return Buffer.from(text.replace(/#.*/g, "").replace(/\s+/g, ""), "hex");
}

/** Source: linux/netfilter/nfnetlink.h, nfnetlink_conntrack.h. Sequence number 7 throughout. */
export const goldenFlow = {
  /** Lists the flows to 10.0.2.60:53. */
  list: annotated(`
    44000000 0101 0100 07000000 00000000 # 68 bytes, CTNETLINK | CT_GET, NLM_F_REQUEST
    02 00 0000                           # nfgenmsg: AF_INET
    2400 0180                            # CTA_TUPLE_ORIG, nested
      0c00 0180 0800 0200 0a00023c       #   CTA_TUPLE_IP: CTA_IP_V4_DST
      1400 0280 0500 0100 11000000       #   CTA_TUPLE_PROTO: CTA_PROTO_NUM 17
                0600 0300 0035 0000      #     CTA_PROTO_DST_PORT 53
    0c00 1980 0800 0100 2a000000         # CTA_FILTER: ORIG_FLAGS: IP_DST | PROTO_NUM | PROTO_DST_PORT
  `),
  /** The body of an entry: 10.0.1.7:40000 → 10.0.2.60:53, answered by 10.244.0.6:5353. */
  entry: annotated(`
    02 00 0000                           # nfgenmsg: AF_INET
    3400 0180                            # CTA_TUPLE_ORIG
      1400 0180 0800 0100 0a000107 0800 0200 0a00023c
      1c00 0280 0500 0100 11000000 0600 0200 9c400000 0600 0300 00350000
    3400 0280                            # CTA_TUPLE_REPLY
      1400 0180 0800 0100 0af40006 0800 0200 0a000107
      1c00 0280 0500 0100 11000000 0600 0200 14e90000 0600 0300 9c400000
    0800 0c00 01020304                   # CTA_ID
  `),
  /** Deletes that entry. */
  remove: annotated(`
    50000000 0201 0100 07000000 00000000 # 80 bytes, CTNETLINK | CT_DELETE, NLM_F_REQUEST
    02 00 0000
    3400 0180                            # CTA_TUPLE_ORIG
      1400 0180 0800 0100 0a000107 0800 0200 0a00023c
      1c00 0280 0500 0100 11000000 0600 0200 9c400000 0600 0300 00350000
    0800 0c00 01020304                   # CTA_ID
  `),
  /** The body of a namespace's statistics. */
  statistics: annotated(`
    00 00 0000
    0800 0100 00000102                   # CTA_STATS_GLOBAL_ENTRIES 258
    0800 0200 00040000                   # CTA_STATS_GLOBAL_MAX_ENTRIES 262144
  `),
};
