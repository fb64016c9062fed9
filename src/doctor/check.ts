import type { Remark } from './line.ts';
import type { Scene } from './scene.ts';

export interface Check {
  /** Kebab-case, never renamed: `--json` carries it. */
  readonly id: string;
  readonly title: string;
  /** True: it goes out to others, so that all of these run side by side after the rest. */
  readonly asksOthers?: boolean;
  /** What it throws becomes one `unknown` line. */
  readonly run: (scene: Scene) => readonly Remark[] | Promise<readonly Remark[]>;
}
