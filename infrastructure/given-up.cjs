// What the role needs for the on-failure destination that serverless.yml names: the mapping writes there with this role.
// Source: AWS Lambda Developer Guide, "Retaining discarded batches for a DynamoDB event source".
"use strict";

const DESTINATION = "self:functions.alerts.events.0.stream.destinations.onFailure";
const everythingIn = (arn) => ({ "Fn::Join": ["", [arn, "/*"]] });
const ownBuckets = { StringEquals: { "s3:ResourceAccount": { Ref: "AWS::AccountId" } } }; // not one of the same name elsewhere

const ALLOWED = {
  s3: (arn) => [
    { Sid: "GiveUp", Effect: "Allow", Action: "s3:PutObject", Resource: everythingIn(arn), Condition: ownBuckets },
    { Sid: "FindTheBucket", Effect: "Allow", Action: "s3:ListBucket", Resource: arn, Condition: ownBuckets },
  ],
  sns: (arn) => [{ Sid: "GiveUp", Effect: "Allow", Action: "sns:Publish", Resource: arn }],
  sqs: (arn) => [{ Sid: "GiveUp", Effect: "Allow", Action: "sqs:SendMessage", Resource: arn }],
};

module.exports = async ({ resolveVariable }) => {
  const given = await resolveVariable(DESTINATION);
  const arn = given.arn ?? given;
  const type = given.type ?? arn.split(":")[2];
  return { policy: { PolicyName: "given-up", PolicyDocument: { Version: "2012-10-17", Statement: ALLOWED[type](arn) } } };
};
