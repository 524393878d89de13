// The documentation as a site: the pages of docs/, and the API from its comments. `npm run docs` builds it.
import { defineConfig } from 'vitepress';

const REPOSITORY = /(?:^|\/)\.\.\/(?:src|test|bench|examples|tools)\//;

export default defineConfig({
  title: 'webgpu-fused',
  description: 'TensorFlow.js on WebGPU with fused kernels.',
  srcDir: '../.cache/website/pages',
  srcExclude: ['public/**'],
  rewrites: { 'reference/index/README.md': 'reference/index/index.md' },
  outDir: '../.cache/website/dist',
  cacheDir: '../.cache/website/vite',
  base: process.env.DOCS_BASE ?? '/',
  lastUpdated: false,
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  // Sources are in the repository, which has no address yet.
  ignoreDeadLinks: [REPOSITORY],
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Guide', link: '/guide/drop-in' },
      { text: 'API', link: '/api' },
      { text: 'Benchmarks', link: '/benchmarks' },
    ],
    sidebar: [
      {
        text: 'Guide',
        items: [
          { text: 'Drop-in', link: '/guide/drop-in' },
          { text: 'Eager code and layers', link: '/guide/eager-and-layers' },
          { text: 'Node', link: '/guide/node' },
          { text: 'Warm-up and shapes', link: '/guide/warm-up' },
          { text: 'What was fused, and why', link: '/guide/explain' },
          { text: 'Checking answers', link: '/guide/verify' },
          { text: 'Capture and replay', link: '/guide/capture' },
          { text: 'A fusion of your own', link: '/guide/adding-rules' },
          { text: 'Flags', link: '/guide/flags' },
          { text: 'What is fused, and limits', link: '/guide/limits' },
        ],
      },
      {
        text: 'Reference',
        items: [
          { text: 'API and flags', link: '/api' },
          { text: 'The program and the report', link: '/cli' },
          { text: 'Installing', link: '/installing' },
          { text: 'What a user sees', link: '/transcripts' },
          { text: 'Troubleshooting', link: '/troubleshooting' },
          { text: 'Reliability', link: '/reliability' },
          { text: 'Benchmarks', link: '/benchmarks' },
        ],
      },
      {
        text: 'Inside',
        items: [
          { text: 'Architecture', link: '/architecture' },
          { text: 'Adding a fusion', link: '/adding-a-fusion' },
        ],
      },
      {
        text: 'Every export',
        collapsed: true,
        items: [
          { text: 'The package', link: '/reference/index/' },
          { text: 'pattern', link: '/reference/index/namespaces/pattern' },
          { text: '/report', link: '/reference/report' },
          { text: '/verify', link: '/reference/verify' },
          { text: '/plans', link: '/reference/plans' },
          { text: '/html', link: '/reference/html' },
        ],
      },
    ],
  },
});
