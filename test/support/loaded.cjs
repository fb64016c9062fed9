// Preloaded into a process under test: on SIGUSR2 it writes down what the process has loaded, files and parts of Node.
const { renameSync, writeFileSync } = require('node:fs');

process.on('SIGUSR2', () => {
  const file = process.env.RESEAL_TEST_LOADED;
  const parts = process.moduleLoadList.filter((name) => name.startsWith('NativeModule '));
  const loaded = { files: Object.keys(require.cache), parts: parts.map((name) => name.slice(13)) };
  writeFileSync(`${file}.new`, JSON.stringify(loaded));
  renameSync(`${file}.new`, file);
});
