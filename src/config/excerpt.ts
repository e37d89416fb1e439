/**
 * `key: value` where the value may be a secret that was written where only a file's name belongs, or a private member of
 * a JWK (RFC 7518 sections 6.2.2, 6.3.2 and 6.4).
 */
const SECRET =
  /((?<![\w-])["']?(?:[\w-]*(?:password|passphrase|secret|token|key)|root|current|previous|d|p|q|dp|dq|qi|k)["']?[ \t]*:[ \t]*)("(?:[^"\\]|\\.)*"?|'(?:[^']|'')*'?|[^\s,{}[\]#][^,}\]#]*)/gi

/** User and password in a URL (RFC 3986 section 3.2.1), which none may hold here; up to the last `@`, as some write it. */
const USERINFO = /(?<=:\/\/)[^\s"']{1,512}(?=@)/g

/** A line of a configuration as a message may quote it: what may be secret is starred out, columns stay what they are. */
export const excerptOf = (line: string): string =>
  line
    .replace(SECRET, (_all, key: string, value: string) => key + '*'.repeat(value.length))
    .replace(USERINFO, (userinfo) => '*'.repeat(userinfo.length))
