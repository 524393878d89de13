// Mesa's software Vulkan driver from a Debian or Ubuntu archive, unpacked into a folder: no root,
// and the system's packages, sources and lists stay as they are.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { hasProgram, run, runOrThrow } from '../support/process.mjs';

const DRIVER = 'mesa-vulkan-drivers';
/** Never unpacked: node itself already runs on the system's own copies of these. */
const RUNTIME = /^(libc6|libgcc-s1|libstdc\+\+6|gcc-\d+-base)$|-data$|-common$/;
const NEEDED_PROGRAMS = ['apt-get', 'dpkg', 'dpkg-query'];

/** @returns {string | undefined} why this machine cannot have the driver from its archive */
export function whyNoArchive() {
  if (process.platform !== 'linux') return `${process.platform} has no apt archive`;
  const missing = NEEDED_PROGRAMS.filter((name) => !hasProgram(name));
  return missing.length ? `${missing.join(', ')} not found` : undefined;
}

/**
 * Downloads the driver into `folder`.
 *
 * @param {string} folder where to unpack, made when missing
 * @param {{withLibraries: boolean, log: (line: string) => void}} options `withLibraries` adds the
 *   libraries that the driver needs and the system lacks
 */
export async function downloadLavapipe(folder, { withLibraries, log }) {
  const state = join(folder, 'apt');
  rmSync(folder, { recursive: true, force: true });
  for (const name of ['lists/partial', 'archives/partial', 'debs']) {
    mkdirSync(join(state, name), { recursive: true });
  }
  const { options, release } = aptOptions(state, withLibraries);
  const apt = (/** @type {string[]} */ args, cwd = state) =>
    runOrThrow(['apt-get', ...options, ...args], { cwd, timeout: 600_000 });

  log(`reading the package lists of ${release} (the system's own lists are left alone)`);
  await apt(['-q', 'update']);

  let packages = [DRIVER];
  if (withLibraries) {
    writeFileSync(join(state, 'status'), '');
    const simulated = await apt([
      ...[
        '-q',
        '-s',
        '--no-install-recommends',
        '-o',
        `Dir::State::status=${join(state, 'status')}`,
      ],
      ...(release.endsWith('-backports') ? ['-t', release] : []),
      ...['install', DRIVER, 'libvulkan1'],
    ]);
    const installed = await installedPackages();
    packages = [...simulated.stdout.matchAll(/^Inst (\S+) \((\S+)/gm)]
      .filter(([, name]) => name === DRIVER || (!installed.has(name) && !RUNTIME.test(name)))
      .map(([, name, version]) => `${name}=${version}`);
  }
  log(`downloading ${packages.length === 1 ? packages[0] : `${packages.length} packages`}`);
  await apt(['-q', 'download', ...packages], join(state, 'debs'));
  for (const file of readdirSync(join(state, 'debs'))) {
    await runOrThrow(['dpkg', '-x', join(state, 'debs', file), folder]);
  }
  rmSync(state, { recursive: true, force: true });
  writeIcd(folder);
}

/**
 * A sources file and lists of our own. Debian 12's Mesa is too old for WebGPU, so there the suite
 * is its backports, from the mirror that the machine already uses.
 *
 * @param {string} state
 * @param {boolean} withLibraries
 */
function aptOptions(state, withLibraries) {
  const set = (/** @type {Record<string, string>} */ values) =>
    Object.entries(values).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const options = set({
    'Dir::State::Lists': join(state, 'lists'),
    'Dir::Cache': state,
    'Debug::NoLocking': '1',
    'APT::Sandbox::User': '',
  });
  const system = osRelease();
  if (system.ID !== 'debian' || system.VERSION_ID !== '12') {
    return { options, release: system.VERSION_CODENAME ?? 'this system' };
  }
  const release = 'bookworm-backports';
  const { uri, signedBy } = systemMirror('bookworm');
  const suites = withLibraries ? ['bookworm', release] : [release];
  const sources = join(state, 'backports.list');
  const trust = signedBy ? `[signed-by=${signedBy}] ` : '';
  writeFileSync(sources, suites.map((suite) => `deb ${trust}${uri} ${suite} main\n`).join(''));
  return {
    options: [
      ...options,
      ...set({ 'Dir::Etc::SourceList': sources, 'Dir::Etc::SourceParts': '/dev/null' }),
    ],
    release,
  };
}

/**
 * The mirror that the system's own sources name for a suite.
 *
 * @param {string} suite
 * @returns {{uri: string, signedBy?: string}}
 */
function systemMirror(suite) {
  const parts = '/etc/apt/sources.list.d';
  const files = ['/etc/apt/sources.list'];
  if (existsSync(parts)) files.push(...readdirSync(parts).map((name) => join(parts, name)));
  for (const file of files.filter((name) => existsSync(name))) {
    const text = readFileSync(file, 'utf8');
    if (file.endsWith('.sources')) {
      for (const stanza of text.split(/\n\s*\n/)) {
        const field = (/** @type {string} */ name) =>
          new RegExp(`^${name}:[ \\t]*(\\S.*)$`, 'mi').exec(stanza)?.[1].trim();
        const uri = field('URIs')?.split(/\s+/)[0];
        if (!uri || !field('Suites')?.split(/\s+/).includes(suite)) continue;
        const signedBy = field('Signed-By');
        return { uri, signedBy: signedBy?.startsWith('/') ? signedBy : undefined };
      }
    } else if (file.endsWith('.list')) {
      for (const line of text.split('\n')) {
        const parsed = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s/.exec(line);
        if (parsed?.[3] !== suite) continue;
        return { uri: parsed[2], signedBy: /signed-by=(\S+)/.exec(parsed[1] ?? '')?.[1] };
      }
    }
  }
  throw new Error(`the system's apt sources name no mirror for ${suite}`);
}

/** @returns {Record<string, string>} */
function osRelease() {
  if (!existsSync('/etc/os-release')) return {};
  const lines = readFileSync('/etc/os-release', 'utf8').matchAll(/^(\w+)="?([^"\n]*)"?$/gm);
  return Object.fromEntries([...lines].map(([, key, value]) => [key, value]));
}

/** @returns {Promise<Set<string>>} */
async function installedPackages() {
  const { stdout } = await run(['dpkg-query', '-W', '-f', '${Package} ${db:Status-Status}\n']);
  return new Set([...stdout.matchAll(/^(\S+) installed$/gm)].map(([, name]) => name));
}

/** Writes the driver's manifest; its path is relative, so that a checkout may move. */
function writeIcd(/** @type {string} */ folder) {
  const library = libraryFolders(folder)
    .map((path) => join(path, 'libvulkan_lvp.so'))
    .find((path) => existsSync(path));
  if (!library) throw new Error(`${DRIVER} holds no libvulkan_lvp.so`);
  const manifest = {
    file_format_version: '1.0.0',
    ICD: { library_path: `./${relative(folder, library)}`, api_version: '1.3.0' },
  };
  writeFileSync(join(folder, 'icd.json'), JSON.stringify(manifest, null, 2) + '\n');
}

/**
 * The folders of shared libraries in unpacked packages, such as `usr/lib/x86_64-linux-gnu`.
 *
 * @param {string} folder
 */
export function libraryFolders(folder) {
  return ['usr/lib', 'lib']
    .map((name) => join(folder, name))
    .filter((lib) => existsSync(lib))
    .flatMap((lib) => readdirSync(lib).map((name) => join(lib, name)))
    .filter((path) => path.endsWith('-linux-gnu'));
}
