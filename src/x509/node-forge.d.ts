// The parts of node-forge that are loaded alone, a tenth of it; its types know the whole.
declare module 'node-forge/lib/rc2.js' {
  import type forge from 'node-forge';

  const rc2: typeof forge.rc2;
  export = rc2;
}

declare module 'node-forge/lib/util.js' {
  import type forge from 'node-forge';

  const util: typeof forge.util;
  export = util;
}
