import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

class Elsewhere extends Error {}

/** Whether the library gave up because its one request was answered with a redirect. */
export function isElsewhere(error: unknown): boolean {
  return error instanceof Elsewhere;
}

/**
 * What npm's client library asks for an agent before each request. It follows redirects, with the credentials to another port of
 * the same host (make-fetch-happen: lib/fetch.js), and reads the body of an error whole, however long: so there is one request,
 * and its connection ends after `maxBytes`.
 */
export function boundedOnce(maxBytes: number): HttpAgent {
  let asked = false;
  const agentFor = ({ protocol }: URL): HttpAgent => {
    if (asked) throw new Elsewhere();
    asked = true;
    return bounded(protocol === 'https:' ? new HttpsAgent() : new HttpAgent(), maxBytes);
  };
  // Its types know agents alone; it also takes what names one for an address (minipass-fetch: lib/request.js).
  return agentFor as unknown as HttpAgent;
}

function bounded(agent: HttpAgent, maxBytes: number): HttpAgent {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = connect(options, callback);
    let size = 0;
    socket?.on('data', (chunk: Uint8Array) => {
      size += chunk.length;
      if (size > maxBytes) socket.destroy();
    });
    return socket;
  };
  return agent;
}
