// Notes every request that Node reads, and every one that it cannot read, as a
// line of JSON on standard output. Arguments: port.
'use strict';
const crypto = require('node:crypto');
const http = require('node:http');

const note = (seen) => process.stdout.write(JSON.stringify(seen) + '\n');
const pending = Symbol('request whose body is under way');

function serve(request, response) {
  const { method, url, rawHeaders, socket } = request;
  const id = request.headers['x-request-id'] || '';
  if (method === 'HEAD' && url === '/' && id === '') {
    response.end();
    return;
  }
  const seen = { id, method, target: url, host: request.headers.host || '', headers: rawHeaders, whole: false, size: 0, trailers: 0 };
  const hash = crypto.createHash('sha256');
  socket[pending] = seen;
  request.on('data', (piece) => { hash.update(piece); seen.size += piece.length; });
  request.on('close', () => {
    if (seen.noted) return;
    seen.noted = true;
    note({ ...seen, sum: hash.digest('hex') });
  });
  request.on('end', () => {
    socket[pending] = undefined;
    seen.whole = request.complete;
    seen.trailers = request.rawTrailers.length;
    seen.noted = true;
    note({ ...seen, sum: hash.digest('hex') });
    response.setHeader('Echo-Id', id);
    response.setHeader('Content-Length', 5);
    response.end('seen\n');
  });
}

const server = http.createServer({ insecureHTTPParser: true, maxHeaderSize: 1 << 20, keepAliveTimeout: 600_000, requestTimeout: 0, headersTimeout: 0 }, serve);
server.maxRequestsPerSocket = 0;
// A request that broke off within its body is noted by serve already.
server.on('clientError', (error, socket) => {
  if (socket[pending] === undefined) {
    note({ refused: true, code: error.code, line: (error.rawPacket || Buffer.alloc(0)).toString('latin1').split('\n')[0].slice(0, 200) });
  }
  socket[pending] = undefined;
  if (socket.writable) {
    socket.end('HTTP/1.1 400 Bad Request\r\nDate: ' + new Date().toUTCString() + '\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  } else {
    socket.destroy();
  }
});
server.on('connect', (request, socket) => {
  note({ id: request.headers['x-request-id'] || '', method: request.method, target: request.url, host: request.headers.host || '', headers: request.rawHeaders, whole: true, size: 0, trailers: 0, sum: crypto.createHash('sha256').digest('hex') });
  socket.end('HTTP/1.1 405 Method Not Allowed\r\nDate: ' + new Date().toUTCString() + '\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
});
server.listen(Number(process.argv[2]), '127.0.0.1');
process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
