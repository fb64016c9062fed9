import type { Config } from '../config/config.ts';
import { isBlockedPort } from '../domain/blocked-port.ts';
import type { Check } from './check.ts';
import type { Remark } from './line.ts';
import { ok, problem } from './line.ts';
import { needing } from './scene.ts';

type Listener = { readonly bind: string; readonly port: number; readonly publicPort: number | undefined };

/** Where the form and the page listen, and who can get there (docs/security.md, "In a container"). */
export const form: Check = {
  id: 'form',
  title: 'Form and page',
  run: ({ config, inContainer }) =>
    needing(config, 'listeners', ({ form: of, web }) => judgeForm({ form: of, web }, inContainer)),
};

export function judgeForm(
  { form: of, web }: Pick<Config, 'form' | 'web'>,
  inContainer: boolean,
): readonly Remark[] {
  return [
    judgePorts('form.port', of),
    inContainer ? judgeInside(of) : judgeOutside('form.bind', of.bind),
    judgePorts('web.port', { ...web, publicPort: undefined }),
    ...(inContainer ? [] : [judgeOutside('web.bind', web.bind)]),
  ];
}

function judgePorts(subject: string, { port, publicPort }: Listener): Remark {
  const seen = publicPort || port;
  const shown = seen === port ? `port ${port}` : `port ${port}, which a browser sees as ${seen}`;
  if (port === 0 && !publicPort) return ok(subject, 'any free port');
  if (!isBlockedPort(seen)) return ok(subject, shown);
  const next = 'choose another one, such as 8765 (the list: https://fetch.spec.whatwg.org/#port-blocking)';
  return problem(subject, `${shown}: browsers refuse to go to ${seen}`, next);
}

/** A container's own loopback cannot be reached from outside it, and a port is published before anything runs. */
function judgeInside({ bind, port, publicPort }: Listener): Remark {
  const subject = 'form.bind';
  if (isLoopback(bind)) {
    const text = `${bind} is the container's own: no browser outside it reaches the form there`;
    const next =
      'set form.bind to 0.0.0.0 and publish the port as 127.0.0.1:8765:8765 (docker-compose.yml); or rotate with --stdin, which needs no port';
    return problem(subject, text, next);
  }
  if (port === 0) {
    const next = 'set form.port to the one that is published, such as 8765';
    return problem(subject, 'form.port is 0, and a container publishes one port that is known before', next);
  }
  const text = `${bind}, as in a container it must be; how the port is published decides who reaches it`;
  const at = publicPort || port;
  const advice = `on the host, "docker compose port reseal ${port}" must say 127.0.0.1:${at}; never publish ${at}:${port} alone, and use Docker 28.0 or later`;
  return ok(subject, text, advice);
}

function judgeOutside(subject: string, bind: string): Remark {
  if (isLoopback(bind)) return ok(subject, `${bind}: this machine alone`);
  const next = `set ${subject} to 127.0.0.1; from another machine: ssh -N -L PORT:127.0.0.1:PORT HOST`;
  return problem(subject, `${bind} can be reached from other machines`, next);
}

function isLoopback(bind: string): boolean {
  return bind === 'localhost' || bind === '::1' || bind.startsWith('127.');
}
