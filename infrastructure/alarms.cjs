// What wakes somebody up. Each alarm's description names the section of docs/runbook.md that shows and mends its cause.
// Metrics that are silent when all is well are not missed: only `Silent` takes no data for bad news.
// Source: AWS Lambda Developer Guide, "Types of metrics for Lambda functions"; Amazon SQS Developer Guide, "CloudWatch metrics".
"use strict";

const { receiversOf } = require("./receivers.cjs");

const RUNBOOK = "docs/runbook.md#";
const STREAM_SECONDS = 86400; // what the stream keeps; a mapping without an age limit goes on until then
const SHARE_OF_AGE = 4; // a quarter of what the mapping allows leaves the other three for mending

const FUNCTION = { FunctionName: { Ref: "AlertsLambdaFunction" } };
const MAPPING = { EventSourceMappingUUID: { Ref: "AlertsEventSourceMapping" } };
const QUEUE = { QueueName: { "Fn::GetAtt": ["FailuresQueue", "QueueName"] } };
const DELIVERY = { FunctionName: { Ref: "DeliveryLambdaFunction" } };
const UNDELIVERED = { QueueName: { "Fn::GetAtt": ["UndeliveredQueue", "QueueName"] } };

module.exports = async ({ resolveVariable }) => {
  const param = (name) => resolveVariable(`param:${name}`);
  const service = `${await resolveVariable("self:service")}-${await resolveVariable("sls:stage")}`;
  const age = Number(await param("maximumRecordAgeInSeconds"));
  const behind = ((age > 0 ? Math.min(age, STREAM_SECONDS) : STREAM_SECONDS) / SHARE_OF_AGE) * 1000;
  const silentHours = Number(await param("alarmSilenceHours"));

  function alarm(name, what, section, [Namespace, MetricName, dimensions], threshold, more = {}) {
    return {
      Type: "AWS::CloudWatch::Alarm",
      Properties: {
        AlarmName: `${service}-${name}`,
        AlarmDescription: `${what} ${RUNBOOK}${section}`,
        Namespace,
        MetricName,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        Statistic: "Sum",
        Period: 300,
        EvaluationPeriods: 1,
        Threshold: threshold,
        ComparisonOperator: "GreaterThanOrEqualToThreshold",
        TreatMissingData: "notBreaching",
        AlarmActions: [{ Ref: "OperationsTopic" }],
        OKActions: [{ Ref: "OperationsTopic" }],
        ...more,
      },
    };
  }

  const Resources = {
    FailuresAlarm: alarm(
      "failures", "Records that could not be processed wait in the failures queue.", "failures-fill",
      ["AWS/SQS", "ApproximateNumberOfMessagesVisible", QUEUE], Number(await param("alarmFailures")), { Statistic: "Maximum" },
    ),
    GivenUpAlarm: alarm(
      "given-up", "Lambda gave a batch up; it is kept, whole, until it is played again.", "failures-fill",
      ["AWS/Lambda", "OnFailureDestinationDeliveredEventCount", MAPPING], Number(await param("alarmGivenUp")),
    ),
    BehindAlarm: alarm(
      "behind", "Alerts are late: the stream is read more slowly than it grows, or a batch fails again and again.",
      "iteratorage-grows", ["AWS/Lambda", "IteratorAge", FUNCTION], behind, { Statistic: "Maximum" },
    ),
    ErrorsAlarm: alarm(
      "errors", "The function crashes or runs out of time.", "the-function-fails",
      ["AWS/Lambda", "Errors", FUNCTION], Number(await param("alarmErrors")),
    ),
    ThrottlesAlarm: alarm(
      "throttles", "Lambda refuses invocations: the account's concurrency is used up.", "concurrency-jumps",
      ["AWS/Lambda", "Throttles", FUNCTION], Number(await param("alarmThrottles")),
    ),
    UndeliverableAlarm: alarm(
      "destination", "Lambda could not keep a batch that it gave up: its records are lost once the stream forgets them.",
      "a-batch-could-not-be-kept", ["AWS/Lambda", "DestinationDeliveryFailures", FUNCTION], 1,
    ),
    DroppedAlarm: alarm(
      "dropped", "Lambda dropped records and kept nothing.", "a-batch-could-not-be-kept",
      ["AWS/Lambda", "DroppedEventCount", MAPPING], 1,
    ),
  };
  if ((await receiversOf(resolveVariable)).length) {
    Object.assign(Resources, {
      UndeliveredAlarm: alarm(
        "undelivered", "Alerts that no attempt could deliver wait in the queue of the undelivered.", "undelivered-fills",
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", UNDELIVERED], Number(await param("alarmUndelivered")),
        { Statistic: "Maximum" },
      ),
      ReceiverGoneAlarm: alarm(
        "receiver-gone", "A receiver said that it is gone, and is disabled until the next deploy.", "a-receiver-is-gone",
        ["ProductAlerts", "ReceiverGone", DELIVERY], 1,
      ),
      DeliveryErrorsAlarm: alarm(
        "delivery-errors", "The delivery function crashes or runs out of time.", "the-function-fails",
        ["AWS/Lambda", "Errors", DELIVERY], Number(await param("alarmErrors")),
      ),
    });
  }
  if (silentHours > 0) {
    Resources.SilentAlarm = alarm(
      "silent", `The stream brought no change for ${silentHours} h.`, "nothing-alerts",
      ["AWS/Lambda", "Invocations", FUNCTION], 1,
      {
        Period: 3600,
        EvaluationPeriods: silentHours,
        ComparisonOperator: "LessThanThreshold",
        TreatMissingData: "breaching",
      },
    );
  }
  return { resources: { Resources } };
};
