/** The peers' packages, in `.cache/peers/node_modules`: too large to be dependencies. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '../../tools/support/process.mjs';
import { fetchPackageTo, type PinnedPackage } from '../models/packages';

/** Packages here find each other as installed ones do. */
const FOLDER = join(CACHE, 'peers', 'node_modules');

const PINS = {
  'onnxruntime-web': {
    package: 'onnxruntime-web@1.30.0',
    integrity:
      'sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ==',
  },
  'onnx-proto': {
    package: 'onnx-proto@8.0.1',
    integrity:
      'sha512-ZpPTqp5dneh2bvavk/QpDsf20JJRArjqTkiMfshGmxR8ocjmfTk80fkW00FwLO7qRtybo9NPugcWQrumHYctLQ==',
  },
  protobufjs: {
    package: 'protobufjs@8.8.1',
    integrity:
      'sha512-d9e9179bjXSJdpJ3+R9fP8hzXsnKLyxTjHLG1dUzje8a27pPyXCe6PrcRtgx2rjoM3IZzHd2vAs+6J/BsO1k7Q==',
  },
  '@jax-js/jax': {
    package: '@jax-js/jax@0.1.25',
    integrity:
      'sha512-g6PxWa6ZLjeQdDAM0ImBSqpdYnC6InCUTCCbMLxhMHMsMNu+JbHRjIQZ/anjBcP69of6hiqfGmTl+3gBn1qu/A==',
  },
  '@litertjs/core': {
    package: '@litertjs/core@2.5.3',
    integrity:
      'sha512-PlGmbMOq9WitX7FO0jhbdJw9GthatsyuCQXjTt/wJZo0FLaw48q4tz8IwqgqCIkviYGr9OFDL1kCnN4nzWoyJQ==',
  },
  '@litertjs/wasm-utils': {
    package: '@litertjs/wasm-utils@2.5.3',
    integrity:
      'sha512-4fJiw6tBQnIs+0jH/OQ16nYOiSl8/+zZnn5h2ul8aTKHi05sVqZW580Tmk78pC2kT39A9OYBVdFawteZ/sI1kQ==',
  },
  flatbuffers: {
    package: 'flatbuffers@25.9.23',
    integrity:
      'sha512-MI1qs7Lo4Syw0EOzUl0xjs2lsoeqFku44KpngfIduHBYvzm8h2+7K8YMQh1JtVVVrUvhLpNwqVi4DERegUJhPQ==',
  },
} as const satisfies Record<string, PinnedPackage>;

export type PeerPackage = keyof typeof PINS;

/** Where a package is, fetched or not. */
export function peerFolder(name: PeerPackage): string {
  return join(FOLDER, name);
}

/** `onnxruntime-web@1.30.0` */
export function peerVersion(name: PeerPackage): string {
  return PINS[name].package;
}

/** Fetches packages that are not there yet, or there in another version. */
export async function fetchPeers(names: readonly PeerPackage[]): Promise<void> {
  for (const name of names) {
    const folder = peerFolder(name);
    if (existsSync(folder) && !PINS[name].package.endsWith(`@${installedVersion(folder)}`)) {
      rmSync(folder, { recursive: true });
    }
    await fetchPackageTo(PINS[name], folder);
  }
}

function installedVersion(folder: string): string {
  const file = readFileSync(join(folder, 'package.json'), 'utf8');
  return (JSON.parse(file) as { version: string }).version;
}
