/**
 * `ECONNREFUSED`, `ENOENT`, `TimeoutError`, …: the innermost name that tells what went wrong. Never a message, which may
 * quote what it was about. By shape, not by class: errors of the system may come from another realm.
 */
export function errorName(error: unknown): string {
  const names = [field(field(error, 'cause'), 'code'), field(error, 'code'), field(error, 'name')]
  return names.find((name) => typeof name === 'string') ?? 'unknown'
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this process may not read it',
  EISDIR: 'it is a folder; name the file in it',
  ENOTDIR: 'a part of its path is no folder',
}

/** Why a file cannot be read, in words. */
export function unreadable(error: unknown): string {
  const name = errorName(error)
  return REASONS[name] ?? `it cannot be read (${name})`
}
