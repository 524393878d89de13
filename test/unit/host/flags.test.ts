import { env } from '@tensorflow/tfjs-core';
import { flag, registerFlags } from '../../../src/host/flags';

beforeAll(() =>
  registerFlags({ WEBGPU_FUSED_ADAPTER: { needs: 'abc', has: (value) => value === 'abc' } }),
);

test.each([
  ['WEBGPU_FUSED_DEBUG', 'yes', 'a whole number from 0 to 4'],
  ['WEBGPU_FUSED_DEBUG', 2.5, 'a whole number from 0 to 4'],
  ['WEBGPU_FUSED_DEBUG', true, 'a whole number from 0 to 4'],
  ['WEBGPU_FUSED_LAZY', 'false', 'true or false'],
  ['WEBGPU_FUSED_REWRITE', 0, 'true or false'],
  ['WEBGPU_FUSED_RECOVER', 1, 'true or false'],
  ['WEBGPU_FUSED_ADAPTER', 'riva128', 'abc'],
] as const)('%s is not set to %p', (name, value, needs) => {
  const before = flag(name);
  expect(() => env().set(name, value)).toThrow(
    `[webgpu-fused] ${name}: got ${JSON.stringify(value)}; needs ${needs}. It has its default, ` +
      `${JSON.stringify(before)}, now.`,
  );
  expect(flag(name)).toBe(before);
});

test.each([
  ['WEBGPU_FUSED_DEBUG', 4],
  ['WEBGPU_FUSED_LAZY', false],
  ['WEBGPU_FUSED_ADAPTER', 'abc'],
] as const)('%s is set to %p', (name, value) => {
  const before = flag(name);
  env().set(name, value);
  expect(flag(name)).toBe(value);
  if (before !== '') env().set(name, before);
});

test('a value of the address that is not allowed is left out, with a word', () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  const host = env() as unknown as { urlFlags: Record<string, unknown>; flags: object };
  host.flags = {};
  host.urlFlags = { WEBGPU_FUSED_DEBUG: 'loud' };
  registerFlags();
  host.urlFlags = {};
  expect(flag('WEBGPU_FUSED_DEBUG')).toBe(0);
  expect(flag('WEBGPU_FUSED_RECOVER')).toBe(false);
  const words = warn.mock.calls.map(([line]) => String(line));
  expect(words.filter((line) => line.includes('got "loud"; needs a whole number'))).toHaveLength(1);
  warn.mockRestore();
});
