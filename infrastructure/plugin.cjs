// What osls does not do by itself: check the rules before anything is packaged, keep the stage `local` away from AWS,
// find the one that `npm start` runs, and run `invoke local` with the project's own Python and nothing else running.
"use strict";

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");

const { useKeys } = require("./own-key.cjs");
const { allowTracing } = require("./tracing.cjs");

const LOCAL_STAGE = "local";
const MAPPING = "AlertsEventSourceMapping";
const REACHES_AWS = new Set(["deploy", "remove", "info", "invoke", "logs", "metrics", "rollback"]);
const NEEDS_CREDENTIALS = new Set(["deploy", "remove", "info", "logs", "metrics", "rollback"]);
const STREAM_FUNCTION = "alerts";
const ABOUT_ONE_FUNCTION = new Set(["invoke", "invoke local", "logs"]);
const ANSWERS_WITHIN_MS = 3000;

class ProductAlerts {
  constructor(serverless, options) {
    this.serverless = serverless;
    this.options = options;
    this.environment = path.join(serverless.serviceDir, ".venv");
    allowBuckets(serverless);
    this.nameStreamFunction();
    silenceSdkPlans();
    this.hooks = {
      initialize: () => this.prepare(),
      "before:package:cleanup": () => this.checkRules(),
      "before:package:function:package": () => this.checkRules(),
      "after:package:compileFunctions": () => this.dropImpliedDependency(),
      "after:package:compileEvents": () => this.nameMapping(),
      "after:aws:package:finalize:mergeCustomProviderResources": () => this.completeRoles(),
    };
  }

  get python() {
    const python = path.join(this.environment, "bin", "python");
    if (!fs.existsSync(python)) throw this.error("There is no .venv here yet. Run `npm run setup` first.");
    return python;
  }

  get stage() {
    return this.serverless.service.provider.stage;
  }

  // `sls logs -t` means the function behind the stream. osls demands --function before any hook runs, and a plugin
  // cannot take that back; but it reads the command line again once the plugins are there.
  nameStreamFunction() {
    const { commands, options } = this.serverless.processedInput;
    if (ABOUT_ONE_FUNCTION.has(commands.join(" ")) && !options.function && !options.help) {
      process.argv.push("--function", STREAM_FUNCTION);
    }
  }

  async prepare() {
    const [command, subcommand] = this.serverless.processedInput.commands;
    if (command === "invoke" && subcommand === "local") return this.prepareInvokeLocal();
    if (!REACHES_AWS.has(command)) return undefined;
    if (process.env.AWS_ENDPOINT_URL) await this.checkEndpoint(process.env.AWS_ENDPOINT_URL);
    else if (this.stage === LOCAL_STAGE) this.useRunningStack();
    if (NEEDS_CREDENTIALS.has(command) && this.stage !== LOCAL_STAGE) await this.checkCredentials();
    if (command === "deploy") this.stage === LOCAL_STAGE ? this.keepTestServer() : this.checkRegion();
    return undefined;
  }

  // As `operations` does, and with the same code: stage `local` is what `npm start` runs.
  get running() {
    const found = spawnSync(this.python, ["-m", "operations.deployed.running"], {
      cwd: this.serverless.serviceDir,
      encoding: "utf8",
    });
    return found.status === 0 ? JSON.parse(found.stdout) : undefined;
  }

  // HTTP deliveries of what `npm start` runs go to a server of its own; a deploy beside it must not send them elsewhere.
  keepTestServer() {
    const environment = this.serverless.service.functions.delivery?.environment;
    if (!environment || environment.HTTP_ENDPOINT_URL) return;
    const running = this.running;
    if (running?.environment.AWS_ENDPOINT_URL !== process.env.AWS_ENDPOINT_URL) return;
    environment.HTTP_ENDPOINT_URL = running.httpEndpointUrl;
  }

  useRunningStack() {
    const running = this.running;
    if (!running) {
      throw this.error(
        "Stage 'local' lives on your laptop, and it does not run: start it with `npm start`, in another terminal. " +
          "To deploy to AWS name another stage, such as --stage dev.",
      );
    }
    const { environment } = running;
    const proxies = /^(https?_)?proxy$/i; // pip alone may need it: the local AWS is not behind it
    const proxy = process.env.HTTPS_PROXY ?? process.env.https_proxy ?? process.env.HTTP_PROXY ?? process.env.http_proxy;
    for (const name of Object.keys(process.env)) {
      if (name.startsWith("AWS_") || proxies.test(name)) delete process.env[name];
    }
    if (proxy) process.env.PIP_PROXY ??= proxy;
    Object.assign(process.env, environment, { SLS_AWS_MONITORING_FREQUENCY: "500" }); // ms; 5 s suit AWS
    this.serverless.service.provider.region = this.options.region = environment.AWS_REGION;
  }

  // An endpoint that was exported for a stack that has ended is the user's to forget; what it looks like is a timeout.
  async checkEndpoint(url) {
    if (await answers(url)) return;
    const instead =
      this.stage === LOCAL_STAGE
        ? "stage local is found without it, while `npm start` runs"
        : `stage ${this.stage} is on AWS, which needs none`;
    throw this.error(
      `Nothing answers at ${url}, which this shell has in AWS_ENDPOINT_URL. Run \`unset AWS_ENDPOINT_URL\`: ${instead}.`,
    );
  }

  prepareInvokeLocal() {
    this.checkRules();
    process.env.VIRTUAL_ENV = this.environment; // osls runs the python3 that it finds in there
    if (this.stage !== LOCAL_STAGE) return undefined;
    // What delivers needs its topics, queues and secrets: those of `npm start`.
    if ((this.options.function ?? STREAM_FUNCTION) !== STREAM_FUNCTION) {
      return process.env.AWS_ENDPOINT_URL ? this.checkEndpoint(process.env.AWS_ENDPOINT_URL) : this.useRunningStack();
    }
    // No topic exists: alerts are printed. Nothing is looked up either, neither outputs nor credentials.
    this.serverless.service.functions.alerts.environment = { PRINT_ALERTS: "true" };
    for (const name of ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"]) delete process.env[name];
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" });
    return undefined;
  }

  // osls finds out after it has packaged. What it looks up here it keeps.
  async checkCredentials() {
    try {
      await this.serverless.getProvider("aws").getAwsSdkV3CredentialsProvider()({});
    } catch (error) {
      if (error.code !== "AWS_CREDENTIALS_NOT_FOUND") throw error;
      throw this.error(
        `No credentials were found for stage ${this.stage}, which is on AWS. They come from AWS_PROFILE or ` +
          "`aws configure`; stage local needs none: `npm start`, and then --stage local.",
      );
    }
  }

  // A mapping reads streams of its own region only; CloudFormation says so late, and in other words.
  checkRegion() {
    const arn = this.serverless.service.functions.alerts?.events?.[0]?.stream?.arn;
    const region = this.serverless.service.provider.region;
    const theirs = typeof arn === "string" ? arn.split(":")[3] : undefined;
    if (theirs && theirs !== region) {
      throw this.error(
        `productsStreamArn is a stream in ${theirs}, and this is to be deployed in ${region}: add --region ${theirs}.`,
      );
    }
  }

  checkRules() {
    const params = [].concat(this.options.param ?? []).flatMap((param) => ["--param", param]);
    const place = ["--stage", this.stage, "--region", this.serverless.service.provider.region];
    const check = spawnSync(this.python, ["-m", "operations", "check", "--packaging", ...place, ...params], {
      cwd: this.serverless.serviceDir,
      encoding: "utf8",
    });
    if (check.status !== 0) throw this.error((check.stdout + check.stderr).trim());
    if (check.stderr) process.stderr.write(check.stderr); // warnings
  }

  // The function's role is named by a GetAtt, which orders the two already; cfn-lint (W3005) is right to complain.
  dropImpliedDependency() {
    for (const resource of Object.values(
      this.serverless.service.provider.compiledCloudFormationTemplate.Resources,
    )) {
      const role = resource.Properties?.Role?.["Fn::GetAtt"]?.[0];
      if (role && resource.DependsOn) resource.DependsOn = resource.DependsOn.filter((name) => name !== role);
    }
  }

  // What osls has no setting for: metrics of the mapping itself, what it drops among them; and one name for the mapping,
  // whatever table it reads, for alarms and for CloudFormation.
  nameMapping() {
    const { Resources } = this.serverless.service.provider.compiledCloudFormationTemplate;
    const [name] = Object.keys(Resources).filter((each) => each.startsWith(`${MAPPING}Dynamodb`));
    if (!name) return;
    Resources[MAPPING] = Resources[name];
    delete Resources[name];
    Resources[MAPPING].Properties.MetricsConfig = { Metrics: ["EventCount"] };
  }

  completeRoles() {
    const { custom, provider } = this.serverless.service;
    useKeys(provider.compiledCloudFormationTemplate.Resources, custom.keys);
    allowTracing(provider.compiledCloudFormationTemplate.Resources);
  }

  error(message) {
    return new this.serverless.classes.Error(message, "PRODUCT_ALERTS");
  }
}

// osls knows queues and topics as destinations of what a stream gives up; Lambda takes buckets, too.
function allowBuckets(serverless) {
  const functions = Object.values(serverless.configSchemaHandler?.schema.properties.functions.patternProperties ?? {});
  const events = functions.flatMap((schema) => schema.properties.events.items.anyOf);
  const stream = events.find((event) => event.properties.stream)?.properties.stream;
  const kinds = [stream, ...(stream?.anyOf ?? [])].flatMap((schema) => schema?.properties?.destinations?.properties.onFailure.anyOf ?? []);
  for (const { properties } of kinds) properties?.type?.enum?.push("s3");
}

function answers(url) {
  return new Promise((resolve) => {
    const { hostname, port, protocol } = new URL(url);
    const socket = net.connect({ host: hostname, port: Number(port) || (protocol === "https:" ? 443 : 80) });
    const done = (found) => {
      socket.destroy();
      resolve(found);
    };
    socket.setTimeout(ANSWERS_WITHIN_MS, () => done(false));
    socket.on("connect", () => done(true));
    socket.on("error", () => done(false));
  });
}

// What the AWS SDK plans for older Node versions is longer than our messages, and pushes them off the screen.
function silenceSdkPlans() {
  const { emitWarning } = process;
  process.emitWarning = function emit(warning, ...rest) {
    if (!/AWS SDK for JavaScript/.test(String(warning?.message ?? warning))) emitWarning.call(process, warning, ...rest);
  };
}

module.exports = ProductAlerts;
