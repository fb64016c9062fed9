import type { Sender } from '../domain/address.ts';
import type { Declaration } from '../domain/credential.ts';
import type { DeclaredPipeline } from '../verify/pipeline.ts';

/** Counted up with every change to `Config`: what another shape of it left in the database is validated anew. */
export const CONFIG_SHAPE = 4;

/**
 * The configuration as the program uses it: every default filled in, nothing left to parse. Plain JSON values only,
 * because it is kept in the database under the hash of its file.
 */
export interface Config {
  /** IANA name; only the hour at which mail goes out depends on it. */
  readonly timezone: string;
  readonly github: {
    /** Without a trailing slash. */
    readonly apiUrl: string;
    readonly sealTokenFile: string | undefined;
    /** Who is reminded of that token; undefined: everybody. */
    readonly sealOwner: string | undefined;
    readonly verifyTokenFile: string | undefined;
    readonly verifyOwner: string | undefined;
  };
  readonly registries: {
    readonly cratesIo: Registry & { readonly url: string };
    readonly npm: Registry;
    readonly pypi: Registry & { readonly url: string };
  };
  readonly mail: { readonly urlFile: string; readonly from: Sender } | undefined;
  /** Port 0: any free one. `publicPort` is the one that the browser sees; undefined: the same. */
  readonly form: { readonly bind: string; readonly port: number; readonly publicPort: number | undefined };
  readonly web: { readonly bind: string; readonly port: number };
  readonly owners: readonly { readonly name: string; readonly email: string }[];
  /** `owners`: whose credentials are posted there; undefined: everybody's. */
  readonly webhooks: readonly {
    readonly name: string;
    readonly urlFile: string;
    readonly format: 'json' | 'slack';
    readonly owners: readonly string[] | undefined;
  }[];
  readonly reminders: {
    /** Local hour (0…23) at which the day's one mail goes out. */
    readonly hour: number;
    readonly escalate: { readonly daysBefore: number; readonly to: readonly string[] } | undefined;
    /** What a person types in front of a command: most installations live in a container on another host. */
    readonly command: string;
    /** What follows when a mail server's answer was lost, so that it may have the mail. */
    readonly onLostAnswer: 'resend' | 'hold';
    readonly heartbeatUrlFile: string | undefined;
  };
  readonly credentials: readonly Declaration[];
  readonly pipelines: readonly DeclaredPipeline[];
}

/** Undefined `url` for npm: the default of npm's own configuration. */
interface Registry {
  readonly url: string | undefined;
  /** A mail address or a web page, sent in the User-Agent as the registry asks. */
  readonly contact: string | undefined;
}

/** One thing wrong in the file. Line and column count from 1. */
export interface ConfigProblem {
  readonly line: number;
  readonly column: number;
  /** Where in the file, such as `credentials.crates-io.lifetime`; empty at the top. */
  readonly path: string;
  readonly message: string;
}
