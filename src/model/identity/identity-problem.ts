/** The prefixes of identities after which charon uses the bytes of the text as they are. */
const rawPrefixes = new Set(
  "ipv4 ipv6 ipv4net ipv6net ipv4range ipv6range asn1dn asn1gn xmppaddr".split(" "),
);

/** The problem of an identity that charon does not accept, or that no peer can have. */
export function identityProblem(text: string): string | undefined {
  return prefixProblem(text) ?? digitsProblem(text) ?? encodingProblem(text);
}

/** Source: strongSwan, vici_config.c (vici_stringify): other values are refused. */
function encodingProblem(text: string): string | undefined {
  if (/^[\x20-\x7e]*$/.test(text)) return undefined;
  return "has characters outside printable ASCII, which charon does not accept: write a domain name in its xn-- form, a distinguished name as asn1dn:# and its DER in hexadecimal digits, or other bytes as keyid:#0a0b";
}

function prefixProblem(text: string): string | undefined {
  const [, prefix = "", rest = ""] = /^([a-z0-9]+):(.*)$/i.exec(text) ?? [];
  const type = prefix.toLowerCase();
  if (!rawPrefixes.has(type) || rest.startsWith("#")) return undefined;
  if (type === "xmppaddr") {
    return `"${text}" is not an identity of a gateway: use a name, an address, an e-mail address or a key id`;
  }
  const example = type.startsWith("asn1") ? 'a name such as "CN=vpn, O=Example"' : "the address";
  return `"${text}" makes charon use the letters after ${prefix}: as binary data: write ${example} without the prefix`;
}

/** charon uses the text itself as a key id if the digits after `#` are malformed. */
function digitsProblem(text: string): string | undefined {
  const [, digits] = /^(?:@|[a-z0-9]+:|\{\w+\}:)#(.*)$/i.exec(text) ?? [];
  if (digits === undefined || /^[0-9a-f]+(:?[0-9a-f]+)*$/i.test(digits)) return undefined;
  return `"${text}" has something other than hexadecimal digits after #: use digits such as ${exampleOf(text)}`;
}

function exampleOf(text: string): string {
  return `${text.slice(0, text.indexOf("#"))}#0a0b`;
}
