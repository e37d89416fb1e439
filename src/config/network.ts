import ipaddr from 'ipaddr.js'

/** The text is an address or a network in CIDR form. */
export const isNetwork = (text: string): boolean => ipaddr.isValidCIDR(text) || ipaddr.isValid(text)
