import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** What docker-compose.yml asks of the engine, as far as an OCI runtime can do it. */
export interface Service {
  readonly user: string;
  readonly read_only: boolean;
  readonly security_opt: readonly string[];
  readonly tmpfs: readonly string[];
  readonly ulimits: { readonly core: number };
  readonly pids_limit: number;
  /** Such as 256m. */
  readonly mem_limit: string;
  readonly memswap_limit: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Such as 30s. */
  readonly stop_grace_period: string;
}

export function readService(file: string): Service {
  const { services } = parse(readFileSync(file, 'utf8')) as {
    readonly services: { readonly reseal: Service };
  };
  return services.reseal;
}
