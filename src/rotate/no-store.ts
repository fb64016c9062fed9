import type { SecretStore } from './rotation.ts';

/** The store of a credential that is to be stored nowhere: whoever asks it for anything is mistaken. */
export const NO_STORE: SecretStore = {
  precheck: nowhere,
  read: nowhere,
  names: nowhere,
  publicKey: nowhere,
  seal: nowhere,
  put: nowhere,
  connect: async () => undefined,
};

async function nowhere(): Promise<never> {
  throw new Error('a credential without a destination was to be stored');
}
