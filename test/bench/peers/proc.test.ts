import { describe, expect, test } from '@jest/globals'
import { cpuTicks, rssBytes } from './proc.ts'

describe('what the system accounts to a program', () => {
  test('CPU time of user mode and kernel, whatever the program calls itself', () => {
    const rest = 'S 1 2 3 0 -1 4194304 5 6 7 8 1234 56 9 9 20 0 11 0 777 1000 200'
    expect(cpuTicks(`4242 (heimdall) ${rest}`)).toBe(1290)
    expect(cpuTicks(`4242 (a) b (c)) ${rest}`)).toBe(1290)
  })

  test('resident memory, and no figure when it is not told', () => {
    expect(rssBytes('Name:\tx\nVmHWM:\t   9 kB\nVmRSS:\t   12345 kB\nThreads:\t3\n')).toBe(12345 * 1024)
    expect(rssBytes('Name:\tx\n')).toBeNaN()
  })
})
