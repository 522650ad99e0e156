// Loaded before `sls` (NODE_OPTIONS): writes down each request to AWS, a JSON object a line, into RECORDED_REQUESTS.
"use strict";

const { appendFileSync } = require("node:fs");
const { ClientRequest } = require("node:http");

const LONGEST_BODY = 20000; // an upload is not written down

const bodies = new WeakMap();
const text = (chunk) => (typeof chunk === "string" || Buffer.isBuffer(chunk) ? String(chunk) : "");
const { write, end } = ClientRequest.prototype;

ClientRequest.prototype.write = function (chunk, ...more) {
  bodies.set(this, (bodies.get(this) ?? "") + text(chunk));
  return write.call(this, chunk, ...more);
};

ClientRequest.prototype.end = function (chunk, ...more) {
  const body = (bodies.get(this) ?? "") + text(chunk);
  const authorization = this.getHeader("authorization");
  if (authorization && process.env.RECORDED_REQUESTS) {
    const target = this.getHeader("x-amz-target") ?? "";
    const request = { method: this.method, path: this.path, authorization, target, body: body.slice(0, LONGEST_BODY) };
    appendFileSync(process.env.RECORDED_REQUESTS, `${JSON.stringify(request)}\n`);
  }
  return end.call(this, chunk, ...more);
};
