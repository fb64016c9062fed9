import { describe, expect, it } from 'vitest';
import { isBlockedPort } from '../../src/domain/blocked-port.ts';

describe('isBlockedPort', () => {
  it.each([1, 22, 6000, 6667, 10_080])('knows %d, as the fetch of Node does', async (port) => {
    expect(isBlockedPort(port)).toBe(true);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      cause: { message: 'bad port' },
    });
  });

  it.each([0, 80, 443, 8080, 8765, 65_535])('says nothing against %d', (port) => {
    expect(isBlockedPort(port)).toBe(false);
  });
});
