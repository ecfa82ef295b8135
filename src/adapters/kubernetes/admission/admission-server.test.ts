import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request as send, type RequestOptions } from "node:https";
import { connect as connectPlain, type Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import type { AdmissionHandler, AdmissionRequest } from "./admission-review.ts";
import { AdmissionServer, type AdmissionServerOptions } from "./admission-server.ts";
import { makeAuthority, makeLeaf, type KeyPair } from "./certificates.ts";

const hour = 3_600_000;
const host = "127.0.0.1";
const mebibyte = 2 ** 20;

const review = (fields: object = {}) => JSON.stringify({ request: { uid: "u", ...fields } });

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
  readonly connection: string | undefined;
}

describe("the webhook server", () => {
  let authority: KeyPair;
  let pair: KeyPair;
  before(async () => {
    authority = await makeAuthority({ name: "CN=one", lifetimeMs: hour });
    pair = await makeLeaf(authority, { name: "CN=leaf", lifetimeMs: hour, hosts: [host] });
  });

  /** A server whose only path is /secret, with the requests that it handled and refused. */
  class Site implements AsyncDisposable {
    readonly asked: AdmissionRequest[] = [];
    readonly refused: string[] = [];
    readonly server: AdmissionServer;
    readonly #sockets: Socket[] = [];

    private constructor(server: AdmissionServer) {
      this.server = server;
    }

    static async open(
      options: Partial<AdmissionServerOptions> = {},
      handler: AdmissionHandler = async () => ({ allowed: true }),
    ): Promise<Site> {
      let site: Site | undefined = undefined;
      const asked: AdmissionHandler = (request, deadline) => {
        site?.asked.push(request);
        return handler(request, deadline);
      };
      const opened: AdmissionServer = await AdmissionServer.listen({
        port: 0,
        pair,
        handlers: new Map([["pods", asked]]),
        endpointOf: (path) => (path === "/secret" ? "pods" : undefined),
        onRefused: (reason) => site?.refused.push(reason),
        ...options,
      });
      site = new Site(opened);
      return site;
    }

    post(path: string, body: string | Buffer, options: RequestOptions = {}): Promise<Answer> {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      const answered = (response: IncomingMessage) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => {
          const { statusCode, headers } = response;
          resolve({ status: statusCode, text, connection: headers.connection });
        });
        response.on("error", reject);
      };
      const given = { host, port: this.server.port, ca: authority.certificate, path };
      const request = send({ ...given, method: "POST", agent: false, ...options }, answered);
      request.on("error", reject);
      request.end(body);
      return promise;
    }

    /** A connection to which the test writes. */
    async connect(options: ConnectionOptions = {}): Promise<TLSSocket> {
      const { port } = this.server;
      const socket = connect({ host, port, ca: authority.certificate, ...options });
      this.#sockets.push(socket);
      await once(socket, "secureConnect");
      return socket;
    }

    async connectPlain(): Promise<Socket> {
      const socket = connectPlain({ host, port: this.server.port });
      this.#sockets.push(socket);
      await once(socket, "connect");
      return socket;
    }

    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of this.#sockets) socket.destroy();
      await this.server[Symbol.asyncDispose]();
    }
  }

  const ended = async (socket: Socket) => {
    socket.on("error", () => {}).resume();
    if (!socket.closed) await once(socket, "close");
  };

  it("answers a call by its secret path", async () => {
    await using site = await Site.open({}, async () => ({ allowed: true, warnings: ["w"] }));
    const { status, text } = await site.post("/secret?timeout=10s", review());
    assert.equal(status, 200);
    const { response } = JSON.parse(text) as { response: object };
    assert.deepEqual(response, { uid: "u", allowed: true, warnings: ["w"] });
  });

  for (const [method, path] of [
    ["POST", "/"],
    ["POST", "/pods"],
    ["POST", "/secret/"],
    ["POST", "/other?/secret"],
    ["GET", "/secret"],
    ["POST", "//secret"],
    ["POST", "/constructor"],
  ] as const) {
    it(`refuses ${method} ${path} with an empty body, and closes the connection`, async () => {
      await using site = await Site.open();
      const answer = await site.post(path, review(), { method });
      assert.deepEqual(answer, { status: 404, text: "", connection: "close" });
      assert.deepEqual([site.asked, site.refused], [[], ["path"]]);
    });
  }

  it("does not read the body of a request that it refuses", async () => {
    await using site = await Site.open();
    const socket = await site.connect();
    const length = 150 * mebibyte;
    socket.write(`POST /other HTTP/1.1\r\nhost: h\r\ncontent-length: ${length}\r\n\r\n{`);
    // The request is refused even though the rest of it is never sent.
    const [head] = (await once(socket, "data")) as [Buffer];
    assert.match(head.toString(), /^HTTP\/1\.1 404 /);
    await ended(socket);
  });

  it("sends no 100 Continue to a request that it refuses", async () => {
    await using site = await Site.open();
    const head = "HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 18\r\n\r\n";
    const refused = await site.connect();
    refused.write(`POST /other ${head}`);
    const [refusal] = (await once(refused, "data")) as [Buffer];
    assert.match(refusal.toString(), /^HTTP\/1\.1 404 /);
    const accepted = await site.connect();
    accepted.write(`POST /secret ${head}`);
    const [asked] = (await once(accepted, "data")) as [Buffer];
    assert.match(asked.toString(), /^HTTP\/1\.1 100 Continue/);
  });

  it("refuses a body above the limit by its Content-Length", async () => {
    await using site = await Site.open({ limits: { body: mebibyte } });
    const socket = await site.connect();
    socket.write(`POST /secret HTTP/1.1\r\nhost: h\r\ncontent-length: ${mebibyte + 1}\r\n\r\n{`);
    const [head] = (await once(socket, "data")) as [Buffer];
    assert.match(head.toString(), /^HTTP\/1\.1 413 /);
    await ended(socket);
    assert.deepEqual([site.asked, site.refused], [[], ["body"]]);
  });

  it("refuses a body above the limit without a Content-Length", async () => {
    await using site = await Site.open({ limits: { body: mebibyte } });
    const socket = await site.connect();
    socket.write("POST /secret HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n");
    const half = `${(mebibyte / 2).toString(16)}\r\n${" ".repeat(mebibyte / 2)}\r\n`;
    socket.write(half + half + half);
    const [head] = (await once(socket, "data")) as [Buffer];
    assert.match(head.toString(), /^HTTP\/1\.1 413 /);
    await ended(socket);
    assert.deepEqual([site.asked, site.refused], [[], ["body"]]);
  });

  it("accepts the largest body that the API server sends", async () => {
    await using site = await Site.open();
    const object = { metadata: { name: "x", annotations: { note: "n".repeat(3 * mebibyte) } } };
    const { status } = await site.post("/secret", review({ object, oldObject: object }));
    assert.equal(status, 200);
  });

  for (const body of [
    "",
    "{",
    "null",
    "[]",
    "{}",
    '{"request":null}',
    '{"request":{"uid":1}}',
    '{"request":{"uid":"u","object":{}}}',
    '{"request":{"uid":"u","oldObject":[]}}',
  ]) {
    it(`refuses a body that is not an AdmissionReview: ${body}`, async () => {
      await using site = await Site.open();
      const { status, text } = await site.post("/secret", body);
      assert.equal(status, 400);
      assert.notEqual(text, "");
      assert.deepEqual([site.asked, site.refused], [[], ["malformed"]]);
    });
  }

  it("answers 500 if its handler fails", async () => {
    await using site = await Site.open({}, () => Promise.reject(new Error("a defect")));
    const { status, text } = await site.post("/secret", review());
    assert.deepEqual([status, text], [500, "a defect"]);
  });

  it("denies before the deadline if its handler has not decided", async () => {
    let left = 0;
    await using site = await Site.open({}, (_, deadline) => {
      left = deadline - performance.now();
      return new Promise(() => {});
    });
    const { text } = await site.post("/secret?timeout=1s", review());
    const { response } = JSON.parse(text) as { response: { allowed: boolean; status: object } };
    assert.deepEqual([response.allowed, "code" in response.status], [false, true]);
    assert.ok(left > 0 && left <= 500, `${left} ms`);
  });

  it("limits the number and the size of requests without an answer", async () => {
    for (const limits of [{ requests: 2 }, { bodies: 2 * review().length + 1 }]) {
      const wait = Promise.withResolvers<void>();
      const waiting = async () => {
        await wait.promise;
        return { allowed: true } as const;
      };
      await using site = await Site.open({ limits }, waiting);
      const first = [site.post("/secret", review()), site.post("/secret", review())];
      while (site.asked.length < 2) await new Promise(setImmediate);
      assert.equal((await site.post("/secret", review())).status, 503);
      wait.resolve();
      for (const { status } of await Promise.all(first)) assert.equal(status, 200);
      assert.equal((await site.post("/secret", review())).status, 200);
      assert.deepEqual(site.refused, ["busy"]);
    }
  });

  it("closes the oldest unproven connection if there are too many", async () => {
    await using site = await Site.open({ limits: { unproven: 3 } });
    const proven = await site.connect();
    const body = review();
    const call = `POST /secret HTTP/1.1\r\nhost: h\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    proven.write(call);
    await once(proven, "data");
    const plain = await site.connectPlain();
    const others = [await site.connect(), await site.connect()];
    assert.ok(!plain.closed);
    others.push(await site.connect());
    await ended(plain);
    others.push(await site.connect());
    await ended(others[0] as TLSSocket);
    proven.write(call);
    await once(proven, "data");
    assert.equal(site.asked.length, 2);
  });

  for (const [behaviour, bytes] of [
    ["sends nothing", undefined],
    ["never ends its headers", "POST /secret HTTP/1.1\r\nhost: h\r\n"],
    ["never ends its body", "POST /secret HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\n{"],
  ] as const) {
    it(`closes a connection that ${behaviour}`, async () => {
      await using site = await Site.open({ limits: { headersMs: 40, requestMs: 80 } });
      const socket = await site.connect();
      if (bytes !== undefined) socket.write(bytes);
      await ended(socket);
      assert.deepEqual(site.asked, []);
    });
  }

  it("closes a connection whose handshake does not end", async () => {
    await using site = await Site.open({ limits: { headersMs: 40, requestMs: 80 } });
    await ended(await site.connectPlain());
  });

  it("does not wait for unproven connections when it closes", async () => {
    const site = await Site.open();
    const sockets = [await site.connect(), await site.connectPlain()];
    await site.server[Symbol.asyncDispose]();
    for (const socket of sockets) await ended(socket);
  });

  it("presents another certificate from the next connection on", async () => {
    await using site = await Site.open();
    const other = await makeLeaf(authority, { name: "CN=new", lifetimeMs: hour, hosts: [host] });
    site.server.use(other);
    const socket = await site.connect();
    assert.equal(socket.getPeerX509Certificate()?.subject, "CN=new");
  });

  describe("with an authority for its clients", () => {
    let clients: KeyPair;
    let known: KeyPair;
    let site: Site;
    before(async () => {
      clients = await makeAuthority({ name: "CN=clients", lifetimeMs: hour });
      known = await makeLeaf(clients, { name: "CN=api", lifetimeMs: hour, hosts: [] });
      site = await Site.open({ clientAuthority: clients.certificate });
    });
    after(() => site[Symbol.asyncDispose]());

    it("answers clients with a certificate, also after its own certificate changed", async () => {
      const shown = { cert: known.certificate, key: known.key };
      assert.equal((await site.post("/secret", review(), shown)).status, 200);
      site.server.use(pair);
      assert.equal((await site.post("/secret", review(), shown)).status, 200);
      assert.equal((await site.post("/other", review(), shown)).status, 404);
    });

    it("answers no client without a certificate, even if it knows the path", async () => {
      const asked = site.asked.length;
      const { certificate: cert, key } = pair;
      await assert.rejects(site.post("/secret", review()));
      await assert.rejects(site.post("/secret", review(), { cert, key }));
      assert.equal(site.asked.length, asked);
      assert.deepEqual(site.refused.slice(-2), ["certificate", "certificate"]);
    });
  });
});
