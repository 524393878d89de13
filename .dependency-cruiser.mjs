/** Import directions of `src`, held by `npm run lint`; `npm run rooms` prints them. */
import { PURE, RECORDS, ROOMS } from './tools/rooms/table.mjs';

/** @param {string} path */
const exactly = (path) => `^${path.replaceAll('.', '\\.')}$`;

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const rooms = Object.entries(ROOMS).map(([room, others]) => ({
  name: `room-${room}`,
  comment: `src/${room} may import ${others.length ? others.join(', ') : 'nothing'} besides itself.`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: {
    path: '^src/',
    pathNot: [exactly(RECORDS), ...[room, ...others].map((name) => `^src/${name}/`)],
  },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...rooms,
    {
      name: 'no-cycle',
      comment: 'Files that need each other are one file, or three. Types count.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'pure',
      comment: `${PURE.join(', ')} are data and functions: no tfjs and no other package in them.`,
      severity: 'error',
      from: { path: `^src/(${PURE.join('|')})/` },
      to: { pathNot: '^src/' },
    },
    {
      name: 'room-unknown',
      comment: 'Every folder of src is a room of tools/rooms/table.mjs.',
      severity: 'error',
      from: {
        path: '^src/[^/]+/',
        pathNot: Object.keys(ROOMS).map((room) => `^src/${room}/`),
      },
      to: {},
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.d.ts', '.js'] },
  },
};
