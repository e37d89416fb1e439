import { describe, expect, test } from '@jest/globals'
import { protectedResource, resourceOf } from '../../src/lib/protected-resource.ts'

describe('PRM-01 where the metadata stand (RFC 9728 section 3.1)', () => {
  test.each([
    ['https://r.example', 'https://r.example/.well-known/oauth-protected-resource'],
    ['https://r.example/', 'https://r.example/.well-known/oauth-protected-resource'],
    ['https://r.example/resource1', 'https://r.example/.well-known/oauth-protected-resource/resource1'],
    ['https://r.example:8443/a/', 'https://r.example:8443/.well-known/oauth-protected-resource/a/'],
  ])('%s: %s', (identifier, url) => expect(protectedResource(identifier).metadataUrl).toBe(url))
})

describe('PRM-02 the resource that a request is for', () => {
  const resources = [
    'https://a.example',
    'https://a.example/mcp',
    'https://a.example/mcp/x',
    'https://b.example/v1/',
  ].map(protectedResource)
  test.each([
    ['a.example', '/', ''],
    ['a.example', '/mcpx', ''],
    ['a.example', '/mcp', '/mcp'],
    ['a.example', '/mcp/y', '/mcp'],
    ['a.example', '/mcp/x/y', '/mcp/x'],
    ['a.example:443', '/mcp', '/mcp'],
    ['b.example', '/v1/x', '/v1/'],
    ['b.example', '/v1', undefined],
    ['c.example', '/mcp', undefined],
  ])('%s%s is for %s', (authority, path, found) => {
    expect(resourceOf(resources, { authority, path })?.path).toBe(found)
    expect(resourceOf([...resources].reverse(), { authority, path })?.path).toBe(found)
  })
})
