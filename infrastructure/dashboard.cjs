// One page to look at, from the stream to what was given up.
"use strict";

const { receiversOf } = require("./receivers.cjs");

const WIDTH = 8; // of 24 columns
const HEIGHT = 6;

// Names in ${…} are the stack's: Fn::Sub fills them in.
const FUNCTION = ["FunctionName", "${AlertsLambdaFunction}"];
const MAPPING = ["EventSourceMappingUUID", "${AlertsEventSourceMapping}"];
const OWN = "ProductAlerts";

const lambda = (metric, label, stat = "Sum", dimension = FUNCTION) => ["AWS/Lambda", metric, ...dimension, { stat, label }];
const own = (metric, label, stat = "Sum") => [OWN, metric, ...FUNCTION, { stat, label }];
const waiting = (name, label) => [
  "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", `\${${name}.QueueName}`, { stat: "Maximum", label },
];
const table = (metric, label) => ["AWS/DynamoDB", metric, "TableName", "${LedgerTable}", { stat: "Sum", label }];
const inSeconds = (id, [namespace, metric, dimension, value, { stat, label }]) => [
  [{ expression: `${id}/1000`, label, id: `seconds_${id}` }],
  [namespace, metric, dimension, value, { stat, id, visible: false }],
];
const search = (metric, dimension, name = "AlertsLambdaFunction") => [
  {
    expression: `FILL(SEARCH('{${OWN},FunctionName,${dimension}} MetricName="${metric}" FunctionName="\${${name}}"', 'Sum'), 0)`,
    label: "",
  },
];

const WIDGETS = [
  [
    "Behind by (s)",
    [
      ...inSeconds("age", lambda("IteratorAge", "last record read", "Maximum")),
      ...inSeconds("oldest", own("OldestRecordAge", "oldest record done", "Maximum")),
    ],
  ],
  ["Records", [own("Records", "records"), own("Changes", "changes"), own("Alerts", "alerts")]],
  ["Alerts by rule", [search("Alerts", "Rule,Type")]],
  ["Suppressed by reason", [search("Suppressed", "Reason")]],
  [
    "Not well",
    [
      own("Parked", "parked"),
      own("PublishFailures", "publish failures"),
      lambda("Errors", "errors"),
      lambda("Throttles", "throttles"),
    ],
  ],
  ["Waiting to be redriven", [waiting("FailuresQueue", "records")]],
  [
    "Mapping: records",
    [
      lambda("PolledEventCount", "polled", "Sum", MAPPING),
      lambda("FilteredOutEventCount", "filtered out", "Sum", MAPPING),
      lambda("InvokedEventCount", "invoked", "Sum", MAPPING),
      lambda("FailedInvokeEventCount", "failed", "Sum", MAPPING),
    ],
  ],
  [
    "Given up: records",
    [
      lambda("OnFailureDestinationDeliveredEventCount", "kept", "Sum", MAPPING),
      lambda("DroppedEventCount", "dropped", "Sum", MAPPING),
      lambda("DestinationDeliveryFailures", "not kept"),
    ],
  ],
  [
    "Batches (ms)",
    [
      own("BatchDuration", "half of the batches", "p50"),
      own("BatchDuration", "99 of 100", "p99"),
      lambda("Duration", "billed, 99 of 100", "p99"),
    ],
  ],
  ["Cost: invocations", [lambda("Invocations", "invocations"), lambda("ConcurrentExecutions", "at the same time", "Maximum")]],
  ["Cost: ledger units", [table("ConsumedReadCapacityUnits", "read"), table("ConsumedWriteCapacityUnits", "written")]],
  [
    "Cost: messages published",
    [["AWS/SNS", "NumberOfMessagesPublished", "TopicName", "${AlertsTopic.TopicName}", { stat: "Sum", label: "messages" }]],
  ],
];

const DELIVERY = ["FunctionName", "${DeliveryLambdaFunction}"];
const WITH_RECEIVERS = [
  ["Deliveries by receiver and outcome", [search("Deliveries", "Receiver,Outcome", "DeliveryLambdaFunction")]],
  [
    "Undelivered",
    [
      waiting("UndeliveredQueue", "waiting"),
      [OWN, "ReceiverGone", ...DELIVERY, { stat: "Sum", label: "receiver is gone" }],
    ],
  ],
  [
    "Delivery function",
    [
      lambda("Invocations", "invocations", "Sum", DELIVERY),
      lambda("Errors", "errors", "Sum", DELIVERY),
      lambda("Throttles", "throttles", "Sum", DELIVERY),
    ],
  ],
];

module.exports = async ({ resolveVariable }) => {
  const service = `${await resolveVariable("self:service")}-${await resolveVariable("sls:stage")}`;
  const shown = (await receiversOf(resolveVariable)).length ? [...WIDGETS, ...WITH_RECEIVERS] : WIDGETS;
  const widgets = shown.map(([title, metrics], place) => ({
    type: "metric",
    x: (place % 3) * WIDTH,
    y: Math.floor(place / 3) * HEIGHT,
    width: WIDTH,
    height: HEIGHT,
    properties: { title, metrics, region: "${AWS::Region}", period: 300, view: "timeSeries" },
  }));
  return {
    resources: {
      Resources: {
        Dashboard: {
          Type: "AWS::CloudWatch::Dashboard",
          Properties: { DashboardName: service, DashboardBody: { "Fn::Sub": JSON.stringify({ widgets }) } },
        },
      },
    },
  };
};
