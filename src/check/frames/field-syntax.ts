/**
 * What may stand in a request (RFC 9113 section 8.2.1); bytes are characters. A pseudo-header's colon is part of its name
 * here: which of them there are is known elsewhere.
 */

/** RFC 9110 section 5.6.2, without upper case. */
const NAME = /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/
/** No NUL, CR or LF anywhere, and no space or tab at the ends. */
const BAD_VALUE = /[\0\r\n]|^[ \t]|[ \t]$/

export const isValidName = (name: string): boolean => NAME.test(name)
export const isValidValue = (value: string): boolean => !BAD_VALUE.test(value)
