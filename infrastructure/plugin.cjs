// What osls does not do by itself: check the rules before anything is packaged, keep the stage `local` away from AWS,
// and run `invoke local` with the project's own Python and nothing else running.
"use strict";

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const LOCAL_STAGE = "local";
const REACHES_AWS = new Set(["deploy", "remove", "info", "invoke", "logs", "metrics", "rollback"]);

class ProductAlerts {
  constructor(serverless, options) {
    this.serverless = serverless;
    this.options = options;
    this.environment = path.join(serverless.serviceDir, ".venv");
    const { functions } = serverless.service;
    if (functions.delivery === false) delete functions.delivery; // receivers.toml has none
    this.hooks = {
      initialize: () => this.prepare(),
      "before:package:cleanup": () => this.checkRules(),
      "before:package:function:package": () => this.checkRules(),
      "after:package:compileFunctions": () => this.dropImpliedDependency(),
    };
  }

  get stage() {
    return this.serverless.service.provider.stage;
  }

  prepare() {
    const [command, subcommand] = this.serverless.processedInput.commands;
    if (command === "invoke" && subcommand === "local") return this.prepareInvokeLocal();
    if (command === "deploy" && !process.env.AWS_ENDPOINT_URL) this.checkRegion();
    if (this.stage === LOCAL_STAGE && REACHES_AWS.has(command) && !process.env.AWS_ENDPOINT_URL) {
      throw this.error(
        "Stage 'local' lives on your laptop: `npm start` deploys it and prints the AWS_ENDPOINT_URL to export " +
          "before this command. To deploy to AWS name another stage, such as --stage dev.",
      );
    }
  }

  prepareInvokeLocal() {
    this.checkRules();
    process.env.VIRTUAL_ENV = this.environment; // osls runs the python3 that it finds in there
    if (this.stage !== LOCAL_STAGE) return;
    // No topic exists: alerts are printed. Nothing is looked up either, neither outputs nor credentials.
    this.serverless.service.functions.alerts.environment = { PRINT_ALERTS: "true" };
    for (const name of ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"]) delete process.env[name];
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" });
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
    const python = path.join(this.environment, "bin", "python");
    if (!fs.existsSync(python)) throw this.error("There is no .venv here yet. Run `npm run setup` first.");
    const params = [].concat(this.options.param ?? []).flatMap((param) => ["--param", param]);
    const check = spawnSync(python, ["-m", "operations", "check", "--packaging", "--stage", this.stage, ...params], {
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

  error(message) {
    return new this.serverless.classes.Error(message, "PRODUCT_ALERTS");
  }
}

module.exports = ProductAlerts;
