// tfjs advertises tfjs-node at the first use of its cpu backend in Node; anything else is heard.
const warn = console.warn;
console.warn = (...args: unknown[]) => {
  if (!String(args[0]).includes('tfjs-node for more details')) warn(...args);
};
