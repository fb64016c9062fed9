interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** One per FROM, in order; what stands before the first FROM is stage 0. */
export type Stage = readonly Instruction[];

/** Reads what our own Dockerfile uses: comments, continued lines, stages. No heredocs, no escape directive. */
export function stagesOf(dockerfile: string): readonly Stage[] {
  const stages: Instruction[][] = [[]];
  for (const instruction of instructionsOf(dockerfile)) {
    if (instruction.name === 'FROM') stages.push([]);
    stages.at(-1)?.push(instruction);
  }
  return stages;
}

function instructionsOf(dockerfile: string): readonly Instruction[] {
  const withoutComments = dockerfile.replaceAll(/^\s*#.*\n/gm, '');
  const lines = withoutComments.replaceAll(/\\\n\s*/g, ' ').split('\n');
  return lines.flatMap((line) => {
    const match = /^([A-Z]+)\s+(.*)$/.exec(line.trim());
    return match?.[1] && match[2] ? [{ name: match[1], rest: match[2] }] : [];
  });
}
