// Where changes come from: a products table of our own, or the stream of a table that exists already.
// One parameter decides. With a stream given, the template holds no table at all, so no deploy can touch the user's.
"use strict";

module.exports = async ({ resolveVariable }) => {
  const given = await resolveVariable("param:productsStreamArn");
  if (!given) {
    return {
      resources: "${file(./infrastructure/products-table.yml)}",
      tableName: { Ref: "ProductsTable" },
      streamArn: { "Fn::GetAtt": ["ProductsTable", "StreamArn"] },
    };
  }
  // arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/LABEL; `operations check` says so of anything else
  return { resources: {}, tableName: given.split("/")[1] ?? given, streamArn: given };
};
