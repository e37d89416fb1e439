/** `host:port` or `[ipv6]:port` -> host without brackets, port. The settings' schema has checked the form. */
export function splitListen(listen: string): readonly [host: string, port: number] {
  const colon = listen.lastIndexOf(':')
  return [listen.slice(0, colon).replace(/^\[|\]$/g, ''), Number(listen.slice(colon + 1))]
}
