// Several codes in one value of an address; commas within a code are escaped.

export function joinCodes(codes: string[]): string {
  return codes.map((c) => c.replaceAll("%", "%25").replaceAll(",", "%2C")).join(",");
}

export function splitCodes(text: string | undefined): string[] {
  return (text ?? "").split(",").filter(Boolean).map((c) => c.replaceAll("%2C", ",").replaceAll("%25", "%"));
}
