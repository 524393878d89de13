/** Which runtimes can be compared on this machine. */
import { log } from '../harness/command';
import { fetchPeers, type PeerPackage } from './packages';
import { RUNTIMES, type RuntimeName } from './runtimes';

/** Fetches what the runtimes need; those whose packages cannot be had are left out, with a reason. */
export async function availableRuntimes(): Promise<{
  runtimes: RuntimeName[];
  missing: string[];
}> {
  const runtimes: RuntimeName[] = [];
  const missing: string[] = [];
  for (const name of Object.keys(RUNTIMES) as RuntimeName[]) {
    const { label, packages }: { label: string; packages: readonly PeerPackage[] } = RUNTIMES[name];
    try {
      await fetchPeers(packages);
      runtimes.push(name);
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
      missing.push(`${label}: ${reason}`);
      log(`without ${label}: ${reason}`);
    }
  }
  return { runtimes, missing };
}
