// Encryption with a key of the user's own: `kmsKeyArn` for all that the stack makes, `productsKeyArn` for a table that exists.
// Without them AWS keeps the keys, at no cost, and topics have none. docs/deploying.md has the key's policy.
"use strict";

const WITH_KEY = {
  "AWS::SNS::Topic": (key) => ({ KmsMasterKeyId: key }),
  "AWS::SQS::Queue": (key) => ({ KmsMasterKeyId: key, SqsManagedSseEnabled: undefined }),
  "AWS::DynamoDB::Table": (key) => ({ SSESpecification: { SSEEnabled: true, SSEType: "KMS", KMSMasterKeyId: key } }),
  "AWS::Logs::LogGroup": (key) => ({ KmsKeyId: key }),
  "AWS::Lambda::Function": (key) => ({ KmsKeyArn: key }),
  "AWS::S3::Bucket": (key) => ({
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [
        { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: key } },
      ],
    },
  }),
};
const DEPLOYMENT_BUCKET = "ServerlessDeploymentBucket"; // osls's own, with a setting of its own

const STREAM_ROLE = "AlertsRole"; // the others never see the table

/** Encrypt with the keys that are given, and let every role of the stack use them. */
function useKeys(Resources, { kmsKeyArn, productsKeyArn }) {
  if (kmsKeyArn) {
    for (const [name, { Type, Properties }] of Object.entries(Resources)) {
      if (WITH_KEY[Type] && name !== DEPLOYMENT_BUCKET) Object.assign(Properties, WITH_KEY[Type](kmsKeyArn));
    }
  }
  for (const [name, { Type, Properties }] of Object.entries(Resources)) {
    if (Type !== "AWS::IAM::Role") continue;
    const Statement = [
      kmsKeyArn && allow("UseTheKey", ["kms:Decrypt", "kms:GenerateDataKey"], kmsKeyArn),
      productsKeyArn && name === STREAM_ROLE && allow("ReadTheProducts", ["kms:Decrypt"], productsKeyArn),
    ].filter(Boolean);
    if (Statement.length) Properties.Policies.push({ PolicyName: "keys", PolicyDocument: { Version: "2012-10-17", Statement } });
  }
}

function allow(Sid, Action, Resource) {
  return { Sid, Effect: "Allow", Action, Resource };
}

module.exports = { useKeys };
