// What a role needs once its function is traced: X-Ray has no resources that a policy could name.
// Source: AWS Lambda Developer Guide, "Visualize Lambda function invocations using AWS X-Ray".
"use strict";

const STATEMENT = {
  Sid: "Trace",
  Effect: "Allow",
  Action: ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
  Resource: "*",
};

/** Let the roles of traced functions write traces. */
function allowTracing(Resources) {
  const traced = Object.values(Resources).filter(({ Properties }) => Properties?.TracingConfig?.Mode === "Active");
  for (const name of new Set(traced.map(({ Properties }) => Properties.Role["Fn::GetAtt"][0]))) {
    Resources[name].Properties.Policies.push({
      PolicyName: "tracing",
      PolicyDocument: { Version: "2012-10-17", Statement: [STATEMENT] },
    });
  }
}

module.exports = { allowTracing };
