/** The main entry for Node: sets up WebGPU from the npm package `webgpu`, and registers the backend. */
import './host/node-webgpu'; // first: see there
export * from './index';
