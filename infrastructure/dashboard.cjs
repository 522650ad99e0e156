// One page to look at, from the stream to what was given up.
"use strict";

const WIDTH = 8; // of 24 columns
const HEIGHT = 6;

// Names in ${…} are the stack's: Fn::Sub fills them in.
const FUNCTION = ["FunctionName", "${AlertsLambdaFunction}"];
const MAPPING = ["EventSourceMappingUUID", "${AlertsEventSourceMapping}"];
const OWN = "ProductAlerts";

const lambda = (metric, stat = "Sum", dimension = FUNCTION) => ["AWS/Lambda", metric, ...dimension, { stat }];
const own = (metric, stat = "Sum") => [OWN, metric, ...FUNCTION, { stat }];
const queue = (metric) => ["AWS/SQS", metric, "QueueName", "${FailuresQueue.QueueName}", { stat: "Maximum" }];
const table = (metric) => ["AWS/DynamoDB", metric, "TableName", "${LedgerTable}", { stat: "Sum" }];
const search = (metric, dimension) => [
  {
    expression: `SEARCH('{${OWN},FunctionName,${dimension}} MetricName="${metric}" FunctionName="\${AlertsLambdaFunction}"', 'Sum')`,
    label: "",
  },
];

const WIDGETS = [
  ["Behind by (ms)", [lambda("IteratorAge", "Maximum"), own("OldestRecordAge", "Maximum")]],
  ["Records", [own("Records"), own("Changes"), own("Alerts")]],
  ["Alerts by rule", [search("Alerts", "Rule,Type")]],
  ["Suppressed by reason", [search("Suppressed", "Reason")]],
  ["Not well", [own("Parked"), own("PublishFailures"), lambda("Errors"), lambda("Throttles")]],
  ["Failures queue: how many, how old (s)", [queue("ApproximateNumberOfMessagesVisible"), queue("ApproximateAgeOfOldestMessage")]],
  [
    "Mapping",
    ["PolledEventCount", "FilteredOutEventCount", "InvokedEventCount", "FailedInvokeEventCount"].map((metric) =>
      lambda(metric, "Sum", MAPPING),
    ),
  ],
  [
    "Given up",
    [
      lambda("OnFailureDestinationDeliveredEventCount", "Sum", MAPPING),
      lambda("DroppedEventCount", "Sum", MAPPING),
      lambda("DestinationDeliveryFailures"),
    ],
  ],
  ["Batches (ms)", [own("BatchDuration", "p50"), own("BatchDuration", "p99"), lambda("Duration", "p99")]],
  ["Cost: invocations and concurrency", [lambda("Invocations"), lambda("ConcurrentExecutions", "Maximum")]],
  ["Cost: ledger units", [table("ConsumedReadCapacityUnits"), table("ConsumedWriteCapacityUnits")]],
  ["Cost: messages published", [["AWS/SNS", "NumberOfMessagesPublished", "TopicName", "${AlertsTopic.TopicName}", { stat: "Sum" }]]],
];

module.exports = async ({ resolveVariable }) => {
  const service = `${await resolveVariable("self:service")}-${await resolveVariable("sls:stage")}`;
  const widgets = WIDGETS.map(([title, metrics], place) => ({
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
