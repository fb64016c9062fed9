import type { IncomingMessage } from 'node:http';

/** As large as the one buffer that Node reads all of its HTTP requests into (node_http_parser.cc, kAllocBufferSize). */
const BUFFER_BYTES = 65_536;
const PATIENCE_MS = 500;

/**
 * Overwrites what Node's parser still holds of `request`: its buffer cannot be reached, but the next thing that arrives
 * at the same listener is read into it. So zeros are sent there, which the parser refuses. Best effort: it never fails.
 */
export function scrubParser(request: IncomingMessage): Promise<void> {
  const { connect } = process.getBuiltinModule('node:net');
  const host = request.socket?.localAddress;
  const port = request.socket?.localPort;
  // A connection that has gone does not say any more where it came in.
  if (host === undefined || port === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const socket = connect({ host, port }, () => socket.end(Buffer.alloc(BUFFER_BYTES)));
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    socket.on('error', () => undefined).on('close', () => resolve());
    socket.resume();
  });
}
