// What receivers.toml asks for: for each receiver a filtered subscription and a queue of its own, so that a dead one
// slows nobody; for all of them one function, its role, and a queue for what cannot be delivered. No receiver: nothing.
"use strict";

const { spawnSync } = require("node:child_process");
const path = require("node:path");

const root = path.join(__dirname, "..");
const PREFIX = "${self:service}-${sls:stage}";
const TIMEOUT = 120; // seconds: five messages at 15 s each, and what is written down about them
const RETENTION = 1209600; // seconds: 14 days, the most that SQS keeps
const MOST_RECEIVES = 1000; // the function ends retries by itself, long before

const known = new Map(); // by file

// A wrong file has no receivers here: `operations check`, which the plugin runs, refuses it and says why.
function receivers(file) {
  if (!known.has(file)) {
    const python = path.join(root, ".venv", "bin", "python");
    const read = spawnSync(python, ["-m", "operations.settings.receivers", file], { cwd: root, encoding: "utf8" });
    known.set(file, read.status === 0 ? JSON.parse(read.stdout) : []);
  }
  return known.get(file);
}

const ref = (name) => ({ Ref: name });
const arn = (name) => ({ "Fn::GetAtt": [name, "Arn"] });
const inAccount = (service, name) => ({
  "Fn::Sub": "arn:${AWS::Partition}:" + service + ":${AWS::Region}:${AWS::AccountId}:" + name,
});
const allow = (sid, actions, resource, more = {}) => ({
  Sid: sid,
  Effect: "Allow",
  Action: actions,
  Resource: resource,
  ...more,
});
// Nobody speaks to it in plain text. A resource that is named by its Ref is a topic, else a queue.
const tlsOnly = (resource) =>
  allow("TlsOnly", resource.Ref ? "sns:Publish" : "sqs:*", resource, {
    Effect: "Deny",
    Principal: "*",
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  });
const policyOf = (kind, Statement, targets) => ({
  Type: kind,
  Properties: { ...targets, PolicyDocument: { Version: "2012-10-17", Statement } },
});
const queuePolicy = (queue, ...statements) =>
  policyOf("AWS::SQS::QueuePolicy", [...statements, tlsOnly(arn(queue))], { Queues: [ref(queue)] });
const topicPolicy = (topic) => policyOf("AWS::SNS::TopicPolicy", [tlsOnly(ref(topic))], { Topics: [ref(topic)] });
const role = (service, name, statements, condition) => ({
  Type: "AWS::IAM::Role",
  Properties: {
    AssumeRolePolicyDocument: {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole", ...condition }],
    },
    Policies: [{ PolicyName: name, PolicyDocument: { Version: "2012-10-17", Statement: statements } }],
  },
});

// "night-shift" is NightShift: names that differ in hyphens alone are refused.
const logical = ({ name }) =>
  name
    .split("-")
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("");
const queueOf = (receiver) => `${logical(receiver)}ReceiverQueue`;
const chatTopicOf = (receiver) => `${logical(receiver)}ChatTopic`;
const distinct = (values) => [...new Set(values)];
const kinds = (all, ...wanted) => all.filter(({ kind }) => wanted.includes(kind));

function resourcesOf(receiver) {
  const queue = queueOf(receiver);
  const resources = {
    [queue]: {
      Type: "AWS::SQS::Queue",
      Properties: {
        QueueName: `${PREFIX}-to-${receiver.name}`,
        VisibilityTimeout: 6 * TIMEOUT, // as Lambda asks for; the function shortens it for each retry
        MessageRetentionPeriod: RETENTION,
        SqsManagedSseEnabled: true,
        RedrivePolicy: { deadLetterTargetArn: arn("UndeliveredQueue"), maxReceiveCount: MOST_RECEIVES },
      },
    },
    [`${queue}Policy`]: queuePolicy(
      queue,
      allow("TakeAlerts", "sqs:SendMessage", arn(queue), {
        Principal: { Service: "sns.amazonaws.com" },
        Condition: { ArnEquals: { "aws:SourceArn": ref("AlertsTopic") } },
      }),
    ),
    [`${logical(receiver)}ReceiverSubscription`]: {
      Type: "AWS::SNS::Subscription",
      Properties: {
        TopicArn: ref("AlertsTopic"),
        Protocol: "sqs",
        Endpoint: arn(queue),
        RawMessageDelivery: true,
        ...(receiver.only && { FilterPolicyScope: "MessageAttributes", FilterPolicy: receiver.only }),
      },
    },
  };
  if (receiver.kind === "chatbot") {
    resources[chatTopicOf(receiver)] = {
      Type: "AWS::SNS::Topic",
      Properties: { TopicName: `${PREFIX}-chat-${receiver.name}` },
    };
    resources[`${chatTopicOf(receiver)}Policy`] = topicPolicy(chatTopicOf(receiver));
  }
  receiver.flushes.forEach(({ minute, zone }, number) => {
    resources[`${logical(receiver)}ReceiverFlush${number || ""}`] = {
      Type: "AWS::Scheduler::Schedule",
      Properties: {
        Description: `Has what is due for ${receiver.name} sent`,
        ScheduleExpression: `cron(${minute} * * * ? *)`,
        ScheduleExpressionTimezone: zone,
        FlexibleTimeWindow: { Mode: "OFF" },
        Target: {
          Arn: arn(queue),
          RoleArn: arn("FlushRole"),
          Input: JSON.stringify({ flush: receiver.name }),
        },
      },
    };
  });
  return resources;
}

function statementsOf(all) {
  const mails = kinds(all, "mail");
  const secrets = distinct(all.map(({ secret }) => secret).filter(Boolean));
  const statements = [
    allow(
      "TakeMessages",
      [
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ChangeMessageVisibility",
      ],
      all.map((receiver) => arn(queueOf(receiver))),
    ),
    allow("KeepUndelivered", "sqs:SendMessage", arn("UndeliveredQueue")),
    allow(
      "RememberDeliveries",
      [
        "dynamodb:BatchGetItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
      ],
      arn("LedgerTable"),
      { Condition: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["delivery#*", "outbox#*"] } } },
    ),
    allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], arn("DeliveryLogGroup")),
  ];
  const topics = kinds(all, "chatbot").map((receiver) => ref(chatTopicOf(receiver)));
  if (kinds(all, "text").length) topics.unshift(ref("PeopleTopic"));
  if (topics.length) statements.push(allow("PublishToPeople", "sns:Publish", topics));
  if (mails.length) {
    const identities = distinct(mails.flatMap(({ sender }) => [sender, sender.split("@")[1]]));
    statements.push(
      allow("SendMail", "ses:SendRawEmail", [
        ...identities.map((identity) => inAccount("ses", `identity/${identity}`)),
        inAccount("ses", `configuration-set/${PREFIX}`),
      ]),
    );
  }
  if (secrets.length) {
    statements.push(
      allow(
        "ReadSecrets",
        "ssm:GetParameter",
        secrets.map((name) => inAccount("ssm", `parameter/\${self:service}/\${sls:stage}/${name}`)),
      ),
    );
  }
  return statements;
}

function resources(all) {
  if (!all.length) return {};
  const flushed = all.filter(({ flushes }) => flushes.length);
  const shared = {
    UndeliveredQueue: {
      Type: "AWS::SQS::Queue",
      Properties: {
        QueueName: `${PREFIX}-undelivered`,
        MessageRetentionPeriod: RETENTION,
        SqsManagedSseEnabled: true,
      },
    },
    UndeliveredQueuePolicy: queuePolicy("UndeliveredQueue"),
    DeliveryRole: role("lambda.amazonaws.com", "delivery", statementsOf(all)),
  };
  if (kinds(all, "text").length) {
    shared.PeopleTopic = {
      Type: "AWS::SNS::Topic",
      Properties: { TopicName: `${PREFIX}-people`, DisplayName: "Product alerts" },
    };
    shared.PeopleTopicPolicy = topicPolicy("PeopleTopic");
  }
  if (kinds(all, "mail").length) {
    shared.MailConfigurationSet = {
      Type: "AWS::SES::ConfigurationSet",
      Properties: { Name: PREFIX, SuppressionOptions: { SuppressedReasons: ["BOUNCE", "COMPLAINT"] } },
    };
  }
  if (flushed.length) {
    const queues = flushed.map((receiver) => arn(queueOf(receiver)));
    const ours = { Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } } };
    shared.FlushRole = role("scheduler.amazonaws.com", "flush", [allow("Flush", "sqs:SendMessage", queues)], ours);
  }
  return { Resources: Object.assign(shared, ...all.map(resourcesOf)) };
}

function outputs(all) {
  if (!all.length) return {};
  const found = {
    DeliveryFunctionName: { Description: "The function behind the receivers' queues", Value: ref("DeliveryLambdaFunction") },
    UndeliveredQueueUrl: { Description: "Alerts that could not be delivered", Value: ref("UndeliveredQueue") },
  };
  if (kinds(all, "text").length) {
    found.PeopleTopicArn = { Description: "The topic for e-mail and SMS subscribers", Value: ref("PeopleTopic") };
  }
  return { Outputs: found };
}

function lambda(all) {
  if (!all.length) return null; // osls then makes no function
  return {
    handler: "handler.handle_delivery",
    description: "Delivers alerts to the receivers of receivers.toml",
    timeout: TIMEOUT,
    memorySize: "${param:memorySize}",
    role: arn("DeliveryRole"),
    environment: {
      STAGE: "${sls:stage}",
      RECEIVERS_FILE: "${param:receiversFile}",
      LEDGER_TABLE_NAME: ref("LedgerTable"),
      LEDGER_RETENTION_DAYS: "${param:ledgerRetentionInDays}",
      UNDELIVERED_QUEUE_URL: ref("UndeliveredQueue"),
      QUEUE_PREFIX: `${PREFIX}-to-`,
      DEPLOYMENT: "${sls:instanceId}", // a receiver that said it is gone is asked again after the next deploy
      ...(kinds(all, "text").length && { PEOPLE_TOPIC_ARN: ref("PeopleTopic") }),
      ...(kinds(all, "chatbot").length && { CHAT_TOPIC_PREFIX: inAccount("sns", `${PREFIX}-chat-`) }),
      ...(kinds(all, "mail").length && { CONFIGURATION_SET: ref("MailConfigurationSet") }),
      ...(all.some(({ secret }) => secret) && {
        SECRETS_PREFIX: "/${self:service}/${sls:stage}/",
        ALLOW_PRIVATE_ADDRESSES: "${param:allowPrivateAddresses}",
        HTTP_ENDPOINT_URL: "${param:httpEndpointUrl}",
      }),
    },
    events: all.map((receiver) => ({
      sqs: {
        arn: arn(queueOf(receiver)),
        enabled: "${param:enabled}",
        batchSize: 5,
        functionResponseType: "ReportBatchItemFailures",
        // not reserved concurrency: throttled messages gain receives without ever running
        maximumConcurrency: "${param:deliveryConcurrency}",
      },
    })),
  };
}

const receiversOf = async (resolveVariable) => receivers(await resolveVariable("param:receiversFile"));

module.exports = async ({ resolveVariable }) => {
  const all = await receiversOf(resolveVariable);
  return { function: lambda(all), resources: resources(all), outputs: outputs(all) };
};
module.exports.receiversOf = receiversOf;
